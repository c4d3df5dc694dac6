"""Draws the batch of an update again, and tells which example did it.

  python -m launch.replay --config=configs/default.py --workdir=runs/default \
      --step=7

Give the config of the run, and the update that the error of training names.
The run may still be going on: its checkpoints are only read. From the newest
one before the update, or from the start, the updates are repeated. Written to
``WORKDIR/replay/step-7``: ``worst.png``, the worst examples first;
``example-0005.png`` for each example, by its index in the whole batch; and
``replay.json``, the verdict and the figures of each.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np
from absl import flags, logging

from zeroshot import runs
from zeroshot.checkpoints import Checkpoint
from zeroshot.data import pictures
from zeroshot.experiments import setup
from zeroshot.report import example_sheet
from zeroshot.run_config import compatibility
from zeroshot.runtime import cli
from zeroshot.train import examples, replay, verdict, writers
from zeroshot.train.examples import Finding
from zeroshot.train.replay import Outcome, Replayed
from zeroshot.types import Pair

SHEET = 'worst.png'
_ON_SHEET = 16  # examples


def main(argv: Sequence[str]) -> None:
  """Repeats, looks, says and writes."""
  del argv
  cli.show_log_lines()
  config, step = flags.FLAGS.config, flags.FLAGS.step
  workdir = Path(flags.FLAGS.workdir).expanduser().resolve()
  checkpoint = read_run(workdir, config, step=step)
  parts = setup.prepare(config)
  lines, sheet = run(workdir, config, checkpoint, parts, step=step)
  print('\n'.join([*lines, _layout_words(), f'wrote {sheet}']))


def run(
  workdir: Path,
  config: ml_collections.ConfigDict,
  checkpoint: Checkpoint | None,
  parts: setup.Parts,
  *,
  step: int,
) -> tuple[list[str], Path]:
  """Repeats an update and looks at each example of its batch.

  Args:
    workdir: folder of the run; ``replay`` in it is written to.
    config: the whole config.
    checkpoint: see ``read_run``.
    parts: what the config trains with.
    step: the update, from 1.

  Returns:
    The verdict, and the sheet of the worst examples.

  Raises:
    ValueError: for an update that the run does not have, or a batch that the
      devices here cannot share.
  """
  begun = 0 if checkpoint is None else checkpoint.step
  logging.info('repeating updates %d to %d', begun + 1, step)
  replayed = replay.repeat(config, checkpoint, step=step, **parts._asdict())
  pair = replay.draw(
    config, step=step, synthesise=parts.synthesise, bank=parts.bank
  )
  findings = examples.examine(
    replayed.params, pair, model=parts.model, loss=parts.loss
  )
  lines = verdict.verdict(replayed, findings)
  folder = workdir / 'replay' / f'step-{step}'
  write(folder, lines, replayed, pair, findings)
  return lines, folder / SHEET


def read_run(
  workdir: Path, config: ml_collections.ConfigDict, *, step: int
) -> Checkpoint | None:
  """What a run has from before an update, if this config is the run's.

  Args:
    workdir: folder of the run.
    config: the whole config.
    step: the update.

  Returns:
    Its newest readable checkpoint from before; None where there is none.

  Raises:
    ValueError: where there is no run, or one of another config, or it has no
      such update.
  """
  record = workdir / 'config.json'
  if not record.is_file():
    raise ValueError(
      f'{record} is missing: no run has trained there; correct --workdir'
    )
  wanted = compatibility.plain_config(config)
  compatibility.check_same_run(json.loads(record.read_text('utf-8')), wanted)
  replay.check_step(config, step)
  checkpoint = runs.read_before(workdir, step)
  if checkpoint is None:
    logging.info('no checkpoint from before update %d: from the start', step)
    return None
  try:
    compatibility.check_same_run(checkpoint.config, wanted)
  except ValueError as error:
    # The run itself went on from it under the present config.
    logging.warning('checkpoint of step %d: %s', checkpoint.step, error)
  return checkpoint


def write(
  folder: Path,
  lines: Sequence[str],
  replayed: Replayed,
  pair: Pair,
  findings: Sequence[Finding],
) -> None:
  """Writes the pictures and ``replay.json``.

  Args:
    folder: made if need be; an earlier replay's files are replaced.
    lines: the verdict.
    replayed: the update.
    pair: its batch, of NumPy arrays.
    findings: of the batch, by index.
  """
  folder.mkdir(parents=True, exist_ok=True)
  tiles = []
  for one in findings:
    batch = (pair.reference, pair.test, pair.mask)
    planes = [*(np.asarray(plane[one.index]) for plane in batch), one.scores]
    is_bad = bool(one.not_finite or one.faults)
    tile = example_sheet.draw_example(planes, _caption(one), is_bad=is_bad)
    pictures.write_picture(folder / f'example-{one.index:04d}.png', tile)
    tiles.append(tile)
  worst = sorted(findings, key=lambda one: one.order)[:_ON_SHEET]
  sheet = example_sheet.draw_sheet([tiles[one.index] for one in worst])
  pictures.write_picture(folder / SHEET, sheet)
  writers.write_json(folder / 'replay.json', _record(lines, replayed, findings))


def _caption(finding: Finding) -> list[str]:
  """An example's figures, then what is wrong with it."""
  figures = {**finding.terms, 'gradient_norm': finding.gradient_norm}
  text = '  '.join(f'{name} {value:.3g}' for name, value in figures.items())
  wrong = '; '.join(finding.faults)
  return [f'example {finding.index}   {text}', wrong or 'content in order']


def _record(
  lines: Sequence[str], replayed: Replayed, findings: Sequence[Finding]
) -> dict[str, Any]:
  """The content of ``replay.json``."""
  earlier = replayed.earlier
  return {
    'step': replayed.outcome.update,
    'verdict': list(lines),
    'layout': {
      'platform': jax.default_backend(),
      'processes': jax.process_count(),
      'devices': jax.device_count(),
    },
    'checkpoint_step': replayed.begun,
    'update': _outcome(replayed.outcome),
    'earlier': None if earlier is None else _outcome(earlier),
    'examples': [
      {
        'index': one.index,
        'finite': dict(one.finite),
        'faults': list(one.faults),
        'terms': _plain(one.terms),
        'gradient_norm': _plain_number(one.gradient_norm),
        'scores_mean': _plain_number(float(np.mean(one.scores))),
      }
      for one in findings
    ],
  }


def _outcome(outcome: Outcome) -> dict[str, Any]:
  """An update's figures for JSON."""
  return {'update': outcome.update, **_plain(outcome.values)}


def _plain(values: Mapping[str, float]) -> dict[str, float | str]:
  """Figures for JSON, by name."""
  return {name: _plain_number(value) for name, value in values.items()}


def _plain_number(value: float) -> float | str:
  """A number for JSON, which has no word for NaN and infinity: as text."""
  return value if math.isfinite(value) else str(value)


def _layout_words() -> str:
  """How far the repetition can be trusted."""
  return (
    f'repeated on {jax.device_count()} {jax.default_backend()} device(s): bit '
    'for bit what the run did, if it had the same; else within rounding'
  )


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  flags.DEFINE_integer('step', None, 'The update, from 1.', required=True)
  cli.run(main)
