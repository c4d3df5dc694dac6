"""Writes the network and its settings as one file for other runtimes.

  zeroshot export --weights=photographs --format=onnx --out=part.onnx
  python part.pyz part.onnx good.png part.png

ONNX runs in ONNX Runtime, StableHLO in JAX. Beside the file stands its runner,
``part.pyz``, which needs nothing of this package and prints what ``zeroshot
inspect --json`` prints.

Exit statuses: 0 written, 2 could not be.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

SUMMARY = 'write the network as an ONNX or StableHLO file'
_SIZE = re.compile(r'(\d+)(?:x(\d+))?')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    '--weights',
    default='default',
    help='name of weights that ship, or a file; of %(default)s, which is the '
    'default, the network for photographs is written; give procedural for '
    'parts in black and white',
  )
  parser.add_argument('--format', choices=('onnx', 'stablehlo'), required=True)
  parser.add_argument(
    '--out', type=Path, required=True, help='file to write, such as part.onnx'
  )
  parser.add_argument(
    '--size_px',
    default='640',
    metavar='SIDE|HxW',
    help='largest pictures that the network takes whole, multiples of 64; '
    'larger ones are tiled, and StableHLO pads smaller ones to it; '
    'default: %(default)s',
  )


def run(options: argparse.Namespace) -> int:
  """Writes the file and its runner."""
  size = _SIZE.fullmatch(options.size_px)
  if not size:
    raise ValueError(
      f'--size_px={options.size_px}: give a side, such as 640, or height x '
      'width, such as 640x1024'
    )
  _check_out(options.out)
  from zeroshot.export import writer

  height, width = int(size[1]), int(size[2] or size[1])
  runner = writer.write(
    options.out, options.weights, options.format, height, width
  )
  kilobytes = options.out.stat().st_size / 1000
  print(f'{options.out}: {options.size_px} px, {kilobytes:.0f} kB')
  print(f'{runner}: python {runner} {options.out} REFERENCE TEST')
  return 0


def _check_out(out: Path) -> None:
  """Refuses paths that could not be written, before the conversion."""
  runner = out.with_suffix('.pyz')
  if out == runner:
    raise ValueError(
      f'--out={out}: .pyz is the runner, which is written beside the file; '
      'give another ending, such as .onnx'
    )
  for path in (out, runner):
    if path.is_dir():
      raise ValueError(f'--out: {path} is a folder; give a file')
  if not out.parent.is_dir():
    raise ValueError(
      f'--out={out}: there is no folder {out.parent}; make it first'
    )
