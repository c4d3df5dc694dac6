"""Draws the connector of ``zeroshot demo``, and the picture of the README.

  python -m launch.draw_demo [--pairs=zeroshot/commands/demo_pair]
      [--picture=docs/example.jpg]

The pictures of the connector are written into the folder of the pairs. Then all
pairs of its ``pairs.csv`` are inspected with the default weights, and shown
side by side in one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.data import pictures
from zeroshot.experiments import demo_pairs
from zeroshot.runtime import cli

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> None:
  """Draws the pair and the picture, and prints the name of the latter."""
  del argv
  folder, picture = Path(flags.FLAGS.pairs), Path(flags.FLAGS.picture)
  demo_pairs.write_connector(folder)
  pictures.write_picture(picture, demo_pairs.draw_picture(folder))
  print(picture)


if __name__ == '__main__':
  flags.DEFINE_string(
    'pairs', str(ROOT / 'zeroshot/commands/demo_pair'), 'Folder of the pairs.'
  )
  flags.DEFINE_string(
    'picture', str(ROOT / 'docs/example.jpg'), 'File of the picture.'
  )
  cli.run(main)
