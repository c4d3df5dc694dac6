"""The six defects of DeepPCB, drawn on a board.

  copper, added = defects.add(rng, board, kinds=('open', 'spur'))

Topology defines them: an open splits a trace, a short joins two, copper is an
island, a pin-hole is a hole inside copper, and a mousebite and a spur change an
edge alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.boards.painter import PITCH_PX, Board, Row
from zeroshot.types import HostArray

KEEP_OFF_PX = 36  # from the pads at the ends
MAX_TRIES = 200


class Defect(NamedTuple):
  """One annotated defect.

  Attributes:
    box: x1, y1, x2, y2 in pixels, half-open, with the annotator's margin.
    kind: one of ``DRAWERS``.
  """

  box: tuple[int, int, int, int]
  kind: str


def add(
  rng: np.random.Generator, board: Board, *, kinds: tuple[str, ...]
) -> tuple[HostArray, list[Defect]]:
  """Adds one defect of each kind given, well apart from one another.

  Args:
    rng: source of every choice.
    board: the good board; not changed.
    kinds: names of ``DRAWERS``, repeats allowed.

  Returns:
    Copper of the defective board, uint8 ``[S, S]``, and the defects. A kind
    that finds no free place is left out.
  """
  copper = board.copper.copy()
  added: list[Defect] = []
  for kind in kinds:
    for _ in range(MAX_TRIES):
      changed = copper.copy()
      DRAWERS[kind](rng, board, changed)
      box = _box_of(changed != copper, margin_px=int(rng.integers(8, 11)))
      if box and not any(_overlap(box, other.box) for other in added):
        copper = changed
        added.append(Defect(box, kind))
        break
  return copper, added


def _open(rng: np.random.Generator, board: Board, copper: HostArray) -> None:
  """Cuts a trace through, at a slant."""
  row, x, y = _place(rng, board)
  reach = row.width_px // 2 + 2
  slant = int(rng.integers(-2, 3))
  start, end = (x - slant, y - reach), (x + slant, y + reach)
  cv2.line(copper, start, end, 0, int(rng.integers(5, 10)))


def _short(rng: np.random.Generator, board: Board, copper: HostArray) -> None:
  """Joins two neighbouring traces."""
  above, x, y = _place(rng, board, has_neighbour=True)
  index = board.rows.index(above)
  below = board.centre_at(board.rows[index + 1], x)
  slant = int(rng.integers(-3, 4))
  start, end = (x - slant, y), (x + slant, below)
  cv2.line(copper, start, end, 1, int(rng.integers(4, 8)))


def _mousebite(
  rng: np.random.Generator, board: Board, copper: HostArray
) -> None:
  """Bites a piece out of one edge; the trace stays whole."""
  row, x, y = _place(rng, board)
  side = int(rng.choice((-1, 1)))
  half = row.width_px // 2
  axes = (int(rng.integers(4, 7)), half - 1)
  cv2.ellipse(copper, (x, y + side * (half + 1)), axes, 0, 0, 360, 0, -1)


def _spur(rng: np.random.Generator, board: Board, copper: HostArray) -> None:
  """Grows a tooth from one edge; it reaches no neighbour."""
  row, x, y = _place(rng, board)
  side = int(rng.choice((-1, 1)))
  edge = y + side * (row.width_px // 2)
  axes = (int(rng.integers(2, 5)), int(rng.integers(5, 9)))
  cv2.ellipse(copper, (x, edge), axes, 0, 0, 360, 1, -1)


def _copper(rng: np.random.Generator, board: Board, copper: HostArray) -> None:
  """Leaves an island between two traces."""
  row, x, y = _place(rng, board, has_neighbour=True)
  below = board.rows[board.rows.index(row) + 1]
  top = y + row.width_px // 2
  bottom = y + PITCH_PX - below.width_px // 2
  axes = (int(rng.integers(3, 7)), int(rng.integers(3, 6)))
  angle = float(rng.choice((0, 90))) if axes[0] < 6 else 0.0
  cv2.ellipse(copper, (x, (top + bottom) // 2), axes, angle, 0, 360, 1, -1)


def _pin_hole(
  rng: np.random.Generator, board: Board, copper: HostArray
) -> None:
  """Punches a hole that copper surrounds."""
  row, x, y = _place(rng, board)
  axes = (int(rng.integers(2, 5)), max(row.width_px // 2 - 3, 2))
  cv2.ellipse(copper, (x, y), axes, 0, 0, 360, 0, -1)


DRAWERS: dict[str, Callable[[np.random.Generator, Board, HostArray], None]] = {
  'open': _open,
  'short': _short,
  'mousebite': _mousebite,
  'spur': _spur,
  'copper': _copper,
  'pin-hole': _pin_hole,
}


def _place(
  rng: np.random.Generator, board: Board, *, has_neighbour: bool = False
) -> tuple[Row, int, int]:
  """A point on the straight part of a trace: its row, x and y."""
  rows = [
    row
    for row, below in zip(board.rows, (*board.rows[1:], None), strict=True)
    if row.width_px
    and (not has_neighbour or (below is not None and below.width_px))
  ]
  row = rows[int(rng.integers(len(rows)))]
  left, right = board.end_px
  jog_end = board.jog_start_px + abs(board.jog_px)
  straight = [
    x
    for x in range(left + KEEP_OFF_PX, right - KEEP_OFF_PX)
    if not board.jog_start_px - PITCH_PX < x < jog_end + PITCH_PX
  ]
  x = straight[int(rng.integers(len(straight)))]
  return row, x, board.centre_at(row, x)


def _box_of(
  changed: HostArray, *, margin_px: int
) -> tuple[int, int, int, int] | None:
  """The box round all changed pixels, with a margin; None without any."""
  y, x = np.nonzero(changed)
  if not len(x):
    return None
  height, width = changed.shape
  return (
    max(int(x.min()) - margin_px, 0),
    max(int(y.min()) - margin_px, 0),
    min(int(x.max()) + 1 + margin_px, width),
    min(int(y.max()) + 1 + margin_px, height),
  )


def _overlap(
  one: tuple[int, int, int, int], other: tuple[int, int, int, int]
) -> bool:
  """Whether two boxes share a pixel."""
  return (
    one[0] < other[2]
    and other[0] < one[2]
    and one[1] < other[3]
    and other[1] < one[3]
  )
