"""Inspects a pair of large pictures and measures memory, time and detections.

  python -m launch.big_pair --width=12000 --height=9000

Draws a board with 12 px defects, half of them where tiles meet, and a reference
that is displaced by a few pixels and a fifth of a degree. A process of its own
draws, so that the measured memory is that of reading and inspecting alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.boards import large_pair as boards
from zeroshot.profiling import large_pair
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Draws, inspects and prints one JSON object."""
  del argv
  options = flags.FLAGS
  if options.draw:
    boards.write(
      Path(options.draw),
      width=options.width,
      height=options.height,
      suffix=options.suffix,
      defects=options.defects,
    )
    return
  with tempfile.TemporaryDirectory() as folder:
    child = subprocess.run(
      [
        *(sys.executable, '-m', 'launch.big_pair', f'--draw={folder}'),
        *(f'--width={options.width}', f'--height={options.height}'),
        *(f'--suffix={options.suffix}', f'--defects={options.defects}'),
      ],
      check=False,
    )
    if child.returncode:  # it has printed why
      sys.exit(max(child.returncode, cli.FAILED))
    measurements = large_pair.measure(Path(folder), suffix=options.suffix)
  print(json.dumps(measurements))


if __name__ == '__main__':
  for side, pixels in (('width', 12000), ('height', 9000)):
    flags.DEFINE_integer(
      side, pixels, 'Of the pictures, pixels.', lower_bound=boards.MIN_PX
    )
  flags.DEFINE_integer('defects', 60, 'How many there are.', lower_bound=0)
  flags.DEFINE_enum('suffix', '.tif', ['.tif', '.png', '.jpg'], 'Of the files.')
  flags.DEFINE_string('draw', None, 'Folder to write a pair into, and no more.')
  cli.run(main)
