"""What a device does in nine minutes: pace, memory, shares, and a checkpoint.

  python -m launch.device_check --out=DIR [--limit_s=540]

``launch/device_check.sh`` starts it on a bare machine. It measures the network
in batches, inspection from files to boxes, and the training step at several
sizes, batches and precisions; reads a profiler's trace; and trains for the time
that is left. DIR gets ``check.json`` and ``check.md``, which are there from the
start and name what is skipped and why, ``trace/`` for XProf or Perfetto,
``run/``, the checkpoint, and ``weights.safetensors``, which
``launch.evaluate --weights`` takes. The exit status is 1 where a measurement
failed for another reason than memory or time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.profiling import device_check
from zeroshot.runtime import cli

_PLAN = device_check.Plan()


def main(argv: Sequence[str]) -> None:
  """Measures, and prints the tables."""
  del argv
  options = flags.FLAGS
  plan = device_check.Plan(
    weights=options.weights,
    sizes_px=_numbers('sizes_px'),
    batch_sizes=_numbers('batch_sizes'),
    inference_px=options.inference_px,
    inference_batches=_numbers('inference_batches'),
    large_px=_large_px(),
    train_px=options.train_px,
    limit_s=options.limit_s,
    train_s=options.train_s,
    most_train_s=options.most_train_s,
    timed_s=options.timed_s,
  )
  if plan.train_px not in plan.sizes_px:
    raise ValueError(
      f'--train_px={plan.train_px} is none of --sizes_px={plan.sizes_px}'
    )
  record = device_check.check(options.config, Path(options.out), plan)
  print(record.to_markdown())
  if record.has_failed():
    sys.exit(cli.FAILED)


def _numbers(name: str) -> tuple[int, ...]:
  """Positive numbers that a flag lists.

  Raises:
    ValueError: one is none.
  """
  words: list[str] = getattr(flags.FLAGS, name)
  if not words or not all(word.isdigit() and int(word) for word in words):
    raise ValueError(f'--{name}={",".join(words)}: give numbers, as 64,256')
  return tuple(map(int, words))


def _large_px() -> tuple[int, int]:
  """Height and width of ``--large_px``."""
  sides = _numbers('large_px')
  if len(sides) != 2:
    raise ValueError(f'--large_px={sides}: give height,width')
  return sides[0], sides[1]


def _list(name: str, default: Sequence[int], text: str) -> None:
  """Defines a flag of numbers."""
  flags.DEFINE_list(name, [str(number) for number in default], text)


if __name__ == '__main__':
  cli.define_config_flag('configs/default.py')
  flags.DEFINE_string('out', None, 'Folder for the results.', required=True)
  flags.DEFINE_string('weights', _PLAN.weights, 'Name or file of weights.')
  _list('sizes_px', _PLAN.sizes_px, 'Sides of the pictures of training.')
  _list('batch_sizes', _PLAN.batch_sizes, 'Pairs of an update, in this order.')
  flags.DEFINE_integer(
    'inference_px', _PLAN.inference_px, 'Side of what is scored.', 128
  )
  _list('inference_batches', _PLAN.inference_batches, 'Pairs scored at a time.')
  _list('large_px', _PLAN.large_px, 'Height and width of a large pair.')
  flags.DEFINE_integer(
    'train_px', _PLAN.train_px, 'Side of the pictures of the last training.'
  )
  flags.DEFINE_float('limit_s', _PLAN.limit_s, 'Seconds of all together.', 0)
  flags.DEFINE_float('train_s', _PLAN.train_s, 'Kept for the last training.', 0)
  flags.DEFINE_float(
    'most_train_s', _PLAN.most_train_s, 'That it takes at most.', 0
  )
  flags.DEFINE_float('timed_s', _PLAN.timed_s, 'Seconds of each timing.', 0)
  cli.run(main)
