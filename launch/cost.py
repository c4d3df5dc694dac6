"""What a config costs: size, arithmetic, time and memory, as one JSON object.

  python -m launch.cost --config=configs/default.py [--size_px=640]

Inference is the compiled score function on one pair, without registration and
boxes, which ``launch.evaluate`` times as ``seconds_per_pair``. Training is the
very step that ``launch.train`` runs. Other load on the machine is part of the
times.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from zeroshot.profiling import cost
from zeroshot.runtime import cli, json_text


def main(argv: Sequence[str]) -> None:
  """Measures inference and training, and prints the result."""
  del argv
  options = flags.FLAGS
  measurements = cost.measure(
    options.config,
    size_px=options.size_px,
    repeats=options.repeats,
    num_steps=options.num_steps,
  )
  print(json_text.to_json(measurements))


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_integer(
    'size_px', 640, 'Side of the pictures that are scored.', lower_bound=1
  )
  flags.DEFINE_integer('repeats', 10, 'Pairs that are timed.', lower_bound=1)
  flags.DEFINE_integer(
    'num_steps', 10, 'Updates that are timed.', lower_bound=1
  )
  cli.run(main)
