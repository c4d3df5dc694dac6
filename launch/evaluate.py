"""Evaluates a run, a weights file or a baseline on a split's pairs.

  python -m launch.evaluate --config=configs/default.py --weights=default \
      --config.eval.root=PCBData --config.eval.split=trainval --out=results

Writes into ``--out``: ``metrics.json``; the detections in the benchmark's own
format, ``detections.zip`` to be scored without classes (``official``) and
``detections-6.zip`` to be scored with them (``official-6``); ``pictures/``,
some of the pairs; ``false_alarms.png``, ``misses.png`` and ``wrong_kinds.png``,
the worst of each; ``confusion.png`` and ``confusion.md``, true against detected
kinds; ``reliability.png``, whether confidences are probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.experiments import evaluation, loading
from zeroshot.runtime import cli, distributed


def main(argv: Sequence[str]) -> None:
  """Evaluates the weights and prints the official AP."""
  del argv
  cli.show_log_lines()
  config, out = flags.FLAGS.config, Path(flags.FLAGS.out)
  weights = loading.load(
    config, workdir=flags.FLAGS.workdir, weights=flags.FLAGS.weights
  )
  evaluated = evaluation.evaluate(config, weights, out)
  if evaluated is None:  # not the first process
    return
  official = evaluated.protocols.official
  print(
    f'official AP {official.ap:.4f} on {official.num_images} pairs; '
    f'all metrics in {out / "metrics.json"}'
  )


if __name__ == '__main__':
  cli.define_config_flag()
  loading.define_flags()
  flags.DEFINE_string('out', None, 'Folder for the results.', required=True)
  distributed.define_flags()
  cli.run(main, crashes_in='out')
