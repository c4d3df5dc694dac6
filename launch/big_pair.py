"""Inspects a pair of large pictures, and tells its memory, time and findings.

python -m launch.big_pair --width=12000 --height=9000

Draws a board with 12 px defects, half of them where tiles meet, and a reference
that lies a few pixels and a fifth of a degree off; a process of its own does
that, so that the memory told is that of reading and inspecting alone.
"""

from __future__ import annotations

import json
import pathlib
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import cv2
import numpy as np
from absl import flags

from zeroshot.runtime import cli, machine
from zeroshot.types import HostArray

_DEFECT_PX = 12
_MARGIN_PX = 160  # of the picture, without defects: the reference ends there
_SEAM_PX = 1280  # tiles of streamed detection begin at its multiples
_MOVE = (9.0, -6.0, 0.2)  # px, px, degrees
_MIN_PX = _SEAM_PX + 2 * _MARGIN_PX  # of a side, so that it has a seam
_TRIES = 1000  # to find a place for a defect
_CELL_PX = 40  # a trace, a pad or nothing lies in each


def main(argv: Sequence[str]) -> None:
  """Draws, inspects and prints one JSON object."""
  del argv
  options = flags.FLAGS
  if options.draw:
    _draw(pathlib.Path(options.draw), options)
    return
  with tempfile.TemporaryDirectory() as folder:
    drawn = subprocess.run(
      [
        *(sys.executable, '-m', 'launch.big_pair', f'--draw={folder}'),
        *(f'--width={options.width}', f'--height={options.height}'),
        *(f'--suffix={options.suffix}', f'--defects={options.defects}'),
      ],
      check=False,
    )
    if drawn.returncode:  # it has said why
      sys.exit(max(drawn.returncode, cli.FAILED))
    print(json.dumps(_inspect(pathlib.Path(folder), options.suffix)))


def _inspect(folder: pathlib.Path, suffix: str) -> dict[str, object]:
  """What is found in a drawn pair, and what it takes."""
  import zeroshot

  found = zeroshot.Detector.load('default').inspect(
    folder / f'reference{suffix}', folder / f'test{suffix}'
  )
  corners = np.array(json.loads((folder / 'defects.json').read_text()))
  used = resource.getrusage(resource.RUSAGE_SELF)
  hits = _overlap(np.array([box[:4] for box in found.boxes]), corners)
  return {
    'width': found.test.shape[1],
    'height': found.test.shape[0],
    'seconds': found.seconds,
    'cpu_seconds': round(used.ru_utime + used.ru_stime, 1),
    'peak_bytes': machine.peak_memory_bytes(),
    'defects': len(corners),
    'found': int(hits.any(axis=0).sum()),
    'false_boxes': int((~hits.any(axis=1)).sum()),
    'registration': found.registration._asdict(),
  }


def _overlap(boxes: HostArray, corners: HostArray) -> HostArray:
  """Which boxes ``[K, 4]`` touch which defects, bool ``[K, N]``."""
  boxes, corners = boxes.reshape(-1, 1, 4), corners.reshape(-1, 2)
  return np.logical_and(
    (boxes[..., :2] < corners + _DEFECT_PX).all(-1),
    (boxes[..., 2:] > corners).all(-1),
  )


def _draw(folder: pathlib.Path, options: flags.FlagValues) -> None:
  """Writes ``reference``, ``test`` and ``defects.json`` into a folder."""
  draws = np.random.default_rng(0)
  width, height = options.width, options.height
  board = _board(draws, height, width)
  across, down, degrees = _MOVE
  move = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
  move[:, 2] += np.array([across, down])
  reference = cv2.warpAffine(
    board, move, (width, height), borderMode=cv2.BORDER_REPLICATE
  )
  corners = _places(draws, height, width, options.defects)
  for x, y in corners.tolist():
    spot = board[y : y + _DEFECT_PX, x : x + _DEFECT_PX]
    spot[:] = np.where(spot > 128, spot - 110, spot + 110)
  quick = [cv2.IMWRITE_PNG_COMPRESSION, 1] if options.suffix == '.png' else []
  for name, picture in (('reference', reference), ('test', board)):
    _add_noise(draws, picture)
    cv2.imwrite(str(folder / f'{name}{options.suffix}'), picture, quick)
  (folder / 'defects.json').write_text(json.dumps(corners.tolist()))


def _board(draws: np.random.Generator, height: int, width: int) -> HostArray:
  """Traces and pads on a substrate, uint8 ``[height, width, 3]``, BGR."""
  board = np.full((height, width, 3), (60, 110, 40), np.uint8)
  for y in range(0, height, _CELL_PX):
    for x in range(0, width, _CELL_PX):
      shape, length = draws.integers(0, 4), int(draws.integers(20, 160))
      colour = (90, 180 + int(draws.integers(0, 40)), 215)
      if shape == 0:
        cv2.line(board, (x, y + 8), (x + length, y + 8), colour, 8)
      elif shape == 1:
        cv2.line(board, (x + 8, y), (x + 8, y + length), colour, 8)
      elif shape == 2:
        cv2.circle(board, (x + 20, y + 20), 12, colour, -1)
  return cv2.GaussianBlur(board, (0, 0), 0.7, dst=board)


def _places(
  draws: np.random.Generator, height: int, width: int, count: int
) -> HostArray:
  """Upper left corners of defects far apart, int ``[N, 2]``.

  Raises:
    ValueError: there is no room for so many.
  """
  places: list[HostArray] = []
  least = np.array([_MARGIN_PX, _MARGIN_PX])
  most = np.array([width, height]) - _MARGIN_PX - _DEFECT_PX
  tries = 0
  while len(places) < count:
    tries += 1
    if tries > _TRIES:
      raise ValueError(
        f'--defects={count}: no room for more than {len(places)} on '
        f'{width} x {height} pixels; give fewer, or raise --width and --height'
      )
    place = draws.integers(least, most)
    if len(places) % 2:  # half of them in the middle of where tiles overlap
      axis = len(places) // 2 % 2
      place[axis] = place[axis] // _SEAM_PX * _SEAM_PX + draws.integers(90, 156)
    apart = [np.abs(place - other).max() > 8 * _DEFECT_PX for other in places]
    if all(apart) and (place >= least).all() and (place <= most).all():
      places.append(place)
      tries = 0
  return np.array(places, int).reshape(-1, 2)


def _add_noise(draws: np.random.Generator, picture: HostArray) -> None:
  """Up to 8 levels, in place."""
  for top in range(0, len(picture), 512):
    strip = picture[top : top + 512]
    cv2.add(strip, draws.integers(0, 9, strip.shape, np.uint8), dst=strip)


if __name__ == '__main__':
  for side, pixels in (('width', 12000), ('height', 9000)):
    flags.DEFINE_integer(
      side, pixels, 'Of the pictures, pixels.', lower_bound=_MIN_PX
    )
  flags.DEFINE_integer('defects', 60, 'How many there are.', lower_bound=0)
  flags.DEFINE_enum('suffix', '.tif', ['.tif', '.png', '.jpg'], 'Of the files.')
  flags.DEFINE_string('draw', None, 'Folder to write a pair into, and no more.')
  cli.run(main)
