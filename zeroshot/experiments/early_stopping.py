"""Stops a training once held-out groups no longer gain from it.

  looks = early_stopping.build(config, workdir)
  loop.train(..., hooks=looks.hooks, stop=looks.stop)

Every look is a line of ``WORKDIR/early_stopping.jsonl``; the best parameters
are ``WORKDIR/best.safetensors``. All that is decided follows from that file,
so a run that is resumed decides the same.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import ml_collections
from absl import logging

from zeroshot.data import deeppcb, manifest, pictures, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.experiments import labelled_figures, labelled_sets, setup
from zeroshot.run_config import compatibility
from zeroshot.runtime import atomic_files
from zeroshot.train.loop import Hook
from zeroshot.types import HostArray
from zeroshot.weights import files

BEST = 'best.safetensors'
LOOKS = 'early_stopping.jsonl'

Read = Callable[[pictures.Path], HostArray]


class EarlyStopping(NamedTuple):
  """Arguments of ``loop.train``; none where nothing is held out."""

  hooks: Sequence[Hook] = ()
  stop: Callable[[int], bool] = lambda step: False


def build(
  config: ml_collections.ConfigDict, workdir: str | Path
) -> EarlyStopping:
  """What looks at ``labelled.stop_groups``, and when it has seen enough.

  Args:
    config: the whole config.
    workdir: folder of the run.

  Returns:
    Looks.

  Raises:
    ValueError: for a period or a patience below 1, an unknown group, or pairs
      that cannot be read (all such are named, those to learn from too).
  """
  settings = config.labelled
  if not manifest.split_names(settings.stop_groups):
    return EarlyStopping()
  for name in ('stop_every', 'patience'):
    if settings[name] < 1:
      raise ValueError(f'labelled.{name} is {settings[name]}; give 1 or more')
  if not labelled_sets.every_pair(config):
    raise ValueError(
      'labelled.stop_groups is given but no labelled pairs are: give '
      'labelled.root or labelled.manifest too'
    )
  held_out = labelled_sets.list_stopping(config)
  folder = Path(workdir).expanduser()
  look = functools.partial(
    _look,
    config=config,
    pairs=held_out,
    folder=folder,
    read=_hold(config, held_out),
  )
  return EarlyStopping(
    hooks=[('held_out', settings.stop_every, look)],
    stop=functools.partial(_stop, folder / LOOKS, patience=settings.patience),
  )


def _hold(
  config: ml_collections.ConfigDict, held_out: Sequence[LabelledPair]
) -> Read:
  """Keeps held-out pictures: a file that goes bad must not stop a training."""
  try:
    return readable.hold(held_out)
  except ValueError:
    # One error for all pairs of the run, instead of another one at packing.
    learned = labelled_sets.list_labelled(config)
    readable.check_pairs([*held_out, *learned])
    raise


def _look(
  params: Any,
  step: int,
  *,
  config: ml_collections.ConfigDict,
  pairs: Sequence[LabelledPair],
  folder: Path,
  read: Read,
) -> Mapping[str, float]:
  """Scores the held-out pairs; keeps the parameters if none were better."""
  weights = setup.with_calibration(
    files.Weights(
      jax.device_get(params), compatibility.plain_config(config), step
    )
  )
  figures = score(config, weights, pairs, read)
  # Lines from beyond this step are of a run that was killed before it saved.
  earlier = [line for line in read_looks(folder / LOOKS) if line['step'] < step]
  record = {'step': step, **figures}
  if all(line['ap'] < record['ap'] for line in earlier):
    files.save(folder / BEST, weights)
    logging.info('best so far on held-out groups: step %d', step)
  text = ''.join(json.dumps(line) + '\n' for line in [*earlier, record])
  atomic_files.write_text(folder / LOOKS, text)
  return figures


def score(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  held_out: Sequence[LabelledPair],
  read: Read,
) -> dict[str, float]:
  """COCO's AP, by kind where kinds are learned or DeepPCB's.

  Of all protocols it alone sees how well boxes are drawn, which is half of
  what labels teach. The margin is the annotators' own.
  """
  kinds = tuple(config.model.kinds)
  figures = labelled_figures.evaluate(
    config,
    weights,
    held_out,
    box_margin_px={'coco': config.labelled.margin_px},
    read=read,
  )
  knows = config.detect.kinds == 'learned' or kinds == deeppcb.KINDS
  protocol = 'coco-6' if kinds and knows else 'coco'
  return {'ap': figures[protocol]['ap']}


def read_looks(path: Path) -> list[dict[str, Any]]:
  """The lines so far; none where there is no file yet."""
  if not path.is_file():
    return []
  return [json.loads(line) for line in path.read_text().splitlines()]


def _stop(path: Path, step: int, *, patience: int) -> bool:
  """Whether the last looks, up to a step, all failed to gain."""
  scores = [line['ap'] for line in read_looks(path) if line['step'] <= step]
  if not scores:
    return False
  return len(scores) - 1 - scores.index(max(scores)) >= patience
