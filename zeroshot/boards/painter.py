"""Draws board-like copper patterns, and photographs of them.

  board = painter.draw(rng, size_px=320)
  picture = painter.photograph(rng, board.copper, shift_px=1.5)

For test sets alone: no training pair is drawn by this file, so that its boards
are as unfamiliar to the network as real ones.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

PITCH_PX = 32  # from the centre of one row to the next
PAD_RADIUS_PX = 11
DRILL_RADIUS_PX = 4


class Row(NamedTuple):
  """One row of a board: a trace from side to side, or a line of vias.

  Attributes:
    centre_px: y of its centre left of the jog.
    width_px: of the trace; 0 marks a line of vias.
  """

  centre_px: int
  width_px: int


class Board(NamedTuple):
  """A copper pattern and where its traces run.

  Attributes:
    copper: uint8 ``[S, S]``, 1 where there is copper.
    rows: from top to bottom, ``PITCH_PX`` apart.
    jog_start_px: x where all rows begin to climb or fall at 45 degrees.
    jog_px: by how much they do; negative is up.
    end_px: ``(left, right)``: x of the pads that end the traces.
  """

  copper: HostArray
  rows: tuple[Row, ...]
  jog_start_px: int
  jog_px: int
  end_px: tuple[int, int]

  def centre_at(self, row: Row, x: int) -> int:
    """Y of the centre of ``row`` at ``x``."""
    run = min(max(x - self.jog_start_px, 0), abs(self.jog_px))
    return row.centre_px + (run if self.jog_px > 0 else -run)


def draw(rng: np.random.Generator, *, size_px: int) -> Board:
  """Draws a copper pattern: traces with pads, lines of drilled vias.

  Args:
    rng: source of every choice.
    size_px: side S of the square board.

  Returns:
    A board with at least two neighbouring traces.
  """
  jog_px = int(rng.choice((-1, 1)) * rng.integers(8, 20))
  first = PITCH_PX // 2 + max(-jog_px, 0)
  last = size_px - PITCH_PX // 2 - max(jog_px, 0)
  centres = range(first, last + 1, PITCH_PX)
  vias = {int(row) for row in rng.choice(len(centres), len(centres) // 5)}
  vias -= {0, 1}  # two neighbours that a short can join
  rows = tuple(
    Row(centre, 0 if index in vias else int(rng.integers(9, 15)))
    for index, centre in enumerate(centres)
  )
  board = Board(
    copper=np.zeros((size_px, size_px), np.uint8),
    rows=rows,
    jog_start_px=int(rng.integers(size_px // 3, size_px // 2)),
    jog_px=jog_px,
    end_px=(int(rng.integers(14, 24)), size_px - int(rng.integers(14, 24))),
  )
  for row in rows:
    _draw_row(board, row)
  return board


def photograph(
  rng: np.random.Generator, copper: HostArray, *, shift_px: float
) -> HostArray:
  """A binarised photograph of a board: moved a little, its edges ragged.

  Args:
    rng: source of every choice.
    copper: uint8 ``[S, S]``, 1 where there is copper.
    shift_px: largest displacement; 0 keeps the grid.

  Returns:
    Image float32 ``[S, S]``, grey, 0 for copper and 1 for the board.
  """
  size = len(copper)
  image: HostArray = 1 - copper.astype(np.float32)
  if shift_px > 0:
    shift = rng.uniform(-shift_px, shift_px, 2) / 2
    knots = rng.uniform(-shift_px, shift_px, (2, 5, 5)) / 2
    y, x = np.mgrid[:size, :size].astype(np.float32)
    bend_x, bend_y = (
      cv2.resize(plane, (size, size), interpolation=cv2.INTER_CUBIC)
      for plane in knots.astype(np.float32)
    )
    image = cv2.remap(
      image,
      (x + shift[0] + bend_x).astype(np.float32),
      (y + shift[1] + bend_y).astype(np.float32),
      cv2.INTER_LINEAR,
      borderMode=cv2.BORDER_REPLICATE,
    )
  grain: HostArray = rng.normal(size=(size, size)).astype(np.float32)
  grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
  blurred: HostArray = cv2.GaussianBlur(image, (0, 0), 1.0) + 0.25 * grain
  return (blurred > 0.5).astype(np.float32)


def _draw_row(board: Board, row: Row) -> None:
  """Draws one row into the board's copper."""
  left, right = board.end_px
  if row.width_px == 0:
    for x in range(left, right, 2 * PITCH_PX):
      centre = (x, board.centre_at(row, x))
      cv2.circle(board.copper, centre, PAD_RADIUS_PX, 1, -1)
      cv2.circle(board.copper, centre, DRILL_RADIUS_PX, 0, -1)
    return
  corners = (
    left,
    board.jog_start_px,
    board.jog_start_px + abs(board.jog_px),
    right,
  )
  points = np.array([(x, board.centre_at(row, x)) for x in corners], np.int32)
  cv2.polylines(board.copper, [points], False, 1, row.width_px)
  for x in (left, right):
    cv2.circle(board.copper, (x, board.centre_at(row, x)), PAD_RADIUS_PX, 1, -1)
