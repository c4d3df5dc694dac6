"""A reference and a test picture of one drawn board.

board = painter.draw(rng, size_px=320)
pair = pairs.photograph_pair(rng, board, kinds=('open', 'short'))
reference, test = pairs.write_pair(folder, size_px=640)  # two files
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from zeroshot.boards import defects, painter
from zeroshot.data import pictures
from zeroshot.types import HostArray

SHIFT_PX = 2.0  # largest local misregistration of the reference


class BoardPair(NamedTuple):
  """Photographs of a good and of a defective board.

  Attributes:
    reference: float32 ``[S, S]``, 0 for copper and 1 for the board.
    test: likewise; it keeps the grid of the drawing.
    defects: those of ``test``, in its grid.
  """

  reference: HostArray
  test: HostArray
  defects: list[defects.Defect]


def photograph_pair(
  rng: np.random.Generator, board: painter.Board, *, kinds: tuple[str, ...]
) -> BoardPair:
  """Adds defects to a board, and photographs it with and without them.

  Args:
    rng: source of every choice.
    board: the good board.
    kinds: of the defects, see ``defects.add``.
  """
  copper, added = defects.add(rng, board, kinds=kinds)
  return BoardPair(
    painter.photograph(rng, board.copper, shift_px=SHIFT_PX),
    painter.photograph(rng, copper, shift_px=0.0),
    added,
  )


def write_pair(folder: Path, *, size_px: int) -> tuple[Path, Path]:
  """Writes a pair with one defect of every kind, always the same.

  Args:
    folder: to write into; it must exist.
    size_px: side of the square pictures.

  Returns:
    Files of the reference and of the test picture.
  """
  rng = np.random.default_rng(0)
  board = painter.draw(rng, size_px=size_px)
  pair = photograph_pair(rng, board, kinds=tuple(defects.DRAWERS))
  files = folder / 'good.png', folder / 'part.png'
  pictures.write_picture(files[0], pair.reference)
  pictures.write_picture(files[1], pair.test)
  return files
