"""Stops a training once held-out groups no longer gain from it.

  stopping = early_stopping.build(config, workdir, split)
  loop.train(..., hooks=stopping.hooks, stop=stopping.stop)

Every evaluation is a line of ``WORKDIR/early_stopping.jsonl``; the best
parameters are ``WORKDIR/best.safetensors``. All decisions follow from that
file, so that a resumed run decides the same.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections
from absl import logging

from zeroshot.data import deeppcb, pictures, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.experiments import labelled_metrics, setup
from zeroshot.experiments.labelled_sets import Split
from zeroshot.run_config import compatibility
from zeroshot.runtime import atomic_files
from zeroshot.train.loop import Hook
from zeroshot.types import HostArray, Params
from zeroshot.weights import files

BEST = 'best.safetensors'
SCORES = 'early_stopping.jsonl'

Read = Callable[[pictures.Path], HostArray]
Score = Callable[
  [ml_collections.ConfigDict, files.Weights, Sequence[LabelledPair], Read],
  dict[str, float],
]


class EarlyStopping(NamedTuple):
  """Arguments of ``loop.train``; the defaults where nothing is held out."""

  hooks: Sequence[Hook] = ()
  stop: Callable[[int], bool] = lambda step: False


def score_pairs(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  pairs: Sequence[LabelledPair],
  read: Read,
) -> dict[str, float]:
  """COCO's AP, by kind where kinds are learned or DeepPCB's.

  It is the only protocol that measures how accurate boxes are, which labels
  teach besides kinds. Boxes get the annotators' margin.
  """
  kinds = tuple(config.model.kinds)
  metrics = labelled_metrics.evaluate(
    config,
    weights,
    pairs,
    box_margin_px={'coco': config.labelled.margin_px},
    read=read,
  )
  names_kinds = config.detect.kinds == 'learned' or kinds == deeppcb.KINDS
  protocol = 'coco-6' if kinds and names_kinds else 'coco'
  return {'ap': metrics[protocol]['ap']}


def build(
  config: ml_collections.ConfigDict,
  workdir: str | Path,
  split: Split,
  *,
  score: Score = score_pairs,
) -> EarlyStopping:
  """Builds the hook that scores held-out pairs, and the rule that stops.

  Args:
    config: the whole config.
    workdir: folder of the run.
    split: the labelled pairs of the run; ``split.stopping`` are scored.
    score: returns 'ap', which decides, and maybe other metrics to log.

  Returns:
    EarlyStopping.

  Raises:
    ValueError: for a period or a patience below 1, or pairs that cannot be
      read (all such are named, those to train on too).
  """
  settings = config.labelled
  if not split.stopping:
    return EarlyStopping()
  for name in ('stop_every', 'patience'):
    if settings[name] < 1:
      raise ValueError(f'labelled.{name} is {settings[name]}; give 1 or more')
  folder, read = Path(workdir).expanduser(), _hold(split)

  def hook(params: Params, step: int) -> Mapping[str, float]:
    weights = setup.with_calibration(
      files.Weights(
        jax.device_get(params), compatibility.plain_config(config), step
      )
    )
    metrics = score(config, weights, split.stopping, read)
    _record(folder, weights, metrics)
    return metrics

  return EarlyStopping(
    hooks=[('held_out', settings.stop_every, hook)],
    stop=functools.partial(_stop, folder / SCORES, patience=settings.patience),
  )


def _hold(split: Split) -> Read:
  """Keeps held-out pictures in memory, in case a file is damaged later."""
  try:
    return readable.hold(split.stopping)
  except ValueError:
    # One error for all pairs of the run, instead of another one at packing.
    readable.check_pairs([*split.stopping, *split.train])
    raise


def _record(
  folder: Path, weights: files.Weights, metrics: Mapping[str, float]
) -> None:
  """Appends the scores of a step; saves the weights if none were better."""
  # Lines from beyond this step are of a run that was killed before it saved.
  earlier = [
    line for line in read_scores(folder / SCORES) if line['step'] < weights.step
  ]
  if all(line['ap'] < metrics['ap'] for line in earlier):
    files.save(folder / BEST, weights)
    logging.info('best so far on held-out groups: step %d', weights.step)
  lines = [*earlier, {'step': weights.step, **metrics}]
  text = ''.join(json.dumps(line) + '\n' for line in lines)
  atomic_files.write_text(folder / SCORES, text)


def read_scores(path: Path) -> list[dict[str, float]]:
  """The lines of ``early_stopping.jsonl``; none where there is no file yet."""
  if not path.is_file():
    return []
  return [json.loads(line) for line in path.read_text().splitlines()]


def _stop(path: Path, step: int, *, patience: int) -> bool:
  """Whether ``patience`` evaluations up to a step passed without a gain."""
  scores = [line['ap'] for line in read_scores(path) if line['step'] <= step]
  if not scores:
    return False
  return len(scores) - 1 - scores.index(max(scores)) >= patience
