"""Repeats an update of a run and reports which example made it non-finite.

  python -m launch.replay --config=configs/default.py --workdir=runs/default \
      --step=7

Give the config of the run, and the update that the error of training names.
The run may still be going on: its checkpoints are only read. From the newest
one before the update, or from the start, the updates are repeated. Written to
``WORKDIR/replay/step-7``: ``worst.png``, the worst examples first, one a row
(reference, test, mask, scores; what is not finite is magenta); and
``replay.json``, the verdict, and the loss and gradient norm of each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jax
from absl import flags

from zeroshot.experiments import setup
from zeroshot.runtime import cli
from zeroshot.train import nonfinite_report, replay


def main(argv: Sequence[str]) -> None:
  """Repeats the update, prints the verdict and writes the report."""
  del argv
  cli.show_log_lines()
  config, step = flags.FLAGS.config, flags.FLAGS.step
  workdir = Path(flags.FLAGS.workdir).expanduser().resolve()
  checkpoint = replay.read_checkpoint(workdir, config, step=step)
  task = setup.build_task(config)
  replayed = replay.replay_update(config, task, checkpoint, step=step)
  pair = replay.draw_batch(config, task, step=step)
  examples = nonfinite_report.per_example_diagnostics(
    replayed.params, pair, task
  )
  folder = workdir / 'replay' / f'step-{step}'
  nonfinite_report.write_report(folder, replayed, pair, examples)
  for line in nonfinite_report.explain(replayed, examples):
    print(line)
  print(
    f'repeated on {jax.device_count()} {jax.default_backend()} device(s): bit '
    'for bit what the run did, if it had the same; else within rounding'
  )
  print(f'wrote {folder / nonfinite_report.SHEET}')


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  flags.DEFINE_integer('step', None, 'The update, from 1.', required=True)
  cli.run(main)
