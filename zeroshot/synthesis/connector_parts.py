"""What a drawn connector is made of, as rows of a table of parts.

  below = connector_parts.case()   # the board's print, joints, shroud, screws
  pins = connector_parts.pins()
  table = connector_parts.table([*below, *pins])

Places are rows and columns in pixels from the middle of the scene, heights in
pixels above the board.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from zeroshot.synthesis import parts

ROWS, COLUMNS = 3, 9
_PITCH_PX = 26.0

_TRACE = (0.11, 0.36, 0.19)  # below the solder mask
_INK = (0.86, 0.87, 0.84)
_TIN = (0.66, 0.67, 0.68)
_SHROUD = (0.17, 0.18, 0.20)
_FLOOR = (0.12, 0.125, 0.14)
_GOLD = (0.84, 0.64, 0.26)
_STEEL = (0.58, 0.58, 0.59)
_HOLE = (0.03, 0.03, 0.03)
_COPPER = (0.80, 0.42, 0.24)
_FIBRE = (0.72, 0.74, 0.80)

# Strokes of a letter in a box of 2 x 1, as (row, column) of both ends.
_LETTERS = {
  'J': ((0, 1, 1.6, 1), (1.6, 1, 2, 0.6), (2, 0.6, 2, 0.2), (2, 0.2, 1.7, 0)),
  '1': ((0.4, 0.1, 0, 0.5), (0, 0.5, 2, 0.5)),
  '2': ((0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 1, 0), (1, 0, 2, 0), (2, 0, 2, 1)),
  '7': ((0, 0, 0, 1), (0, 1, 2, 0.3)),
  'P': ((0, 0, 2, 0), (0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 1, 0)),
}

Row = dict[str, Any]  # of ``parts.Parts``, by field


def table(rows: Sequence[Row]) -> parts.Parts:
  """The rows as a table.

  Args:
    rows: at least one; each is placed over those before it.

  Returns:
    Parts of float32, with their places still from the middle of the scene.
  """
  return parts.Parts(
    **{
      name: jnp.asarray([row[name] for row in rows], jnp.float32)
      for name in parts.Parts._fields
    }
  )


def case() -> list[Row]:
  """All of the connector but its pins, and what is round it on the board."""
  return [*_printed(), *_pads(), *_housing(), *_screws(), *_sockets()]


def _word(text: str, row: float, column: float) -> list[Row]:
  """Letters of 8 x 16 px in ink, the first one's upper left corner given."""
  rows = []
  for number, letter in enumerate(text):
    for y1, x1, y2, x2 in _LETTERS[letter]:
      left = column + 13 * number
      ends = (row + 8 * y1, left + 8 * x1), (row + 8 * y2, left + 8 * x2)
      rows += _strokes(ends, 2.2, height=0.2, colour=_INK)
  return rows


def _printed() -> list[Row]:
  """What is printed on the board, and the traces below its mask."""
  rows = []
  for column in range(COLUMNS):
    x = _PITCH_PX * (column - (COLUMNS - 1) / 2)
    fan = x * 1.18
    line = ((70.0, x), (104.0, x), (122.0, fan), (240.0, fan))
    rows += _strokes(line, 5.0, height=0.6, colour=_TRACE)
  rows += _word('J12', -104.0, -176.0) + _word('P27', -104.0, 140.0)
  for place in ((-96.0, -120.0), (-96.0, 118.0), (132.0, -180.0)):
    rows += _via(*place)
  for left in (-188.0, 92.0):  # below the words
    ends = (-82.0, left), (-82.0, left + 96.0)
    rows += _strokes(ends, 1.8, height=0.2, colour=_INK)
  return rows


def _via(row: float, column: float) -> list[Row]:
  place = (row, column)
  return [
    _row(place, (0.0, 0.0), 0.8, _TIN, radius=6.0, gloss=0.5),
    _row(place, (0.0, 0.0), -4.0, _HOLE, radius=2.6, gloss=0.0),
  ]


def _pads() -> list[Row]:
  """A solder joint in front of each column."""
  tin: Row = dict(height=4.0, colour=_TIN, gloss=0.7)
  return [
    _row(
      (76.0, _PITCH_PX * (column - (COLUMNS - 1) / 2)),
      (8.0, 0.0),
      radius=5.5,
      dome=0.8,
      **tin,
    )
    for column in range(COLUMNS)
  ]


def _housing() -> list[Row]:
  """Two ears and the shroud, with a key way in its rim."""
  shroud: Row = dict(colour=_SHROUD, gloss=0.25)
  return [
    _row((0.0, 0.0), (20.0, 172.0), 6.0, radius=8.0, **shroud),
    _row((0.0, 0.0), (54.0, 128.0), 12.0, radius=5.0, dome=0.3, **shroud),
    _row((0.0, 0.0), (41.0, 116.0), 4.0, _FLOOR, radius=3.0),
    _row((52.0, 0.0), (12.0, 17.0), 4.0, _FLOOR, radius=1.0),
    _row((-51.0, -104.0), (1.5, 5.0), 12.2, _INK, radius=1.0),
  ]


def _screws() -> list[Row]:
  """A screw with a cross in each ear."""
  rows = []
  for column, angle in ((-156.0, 0.5), (156.0, 1.1)):
    place = (0.0, column)
    rows.append(_row(place, (0.0, 0.0), 8.0, _TIN, radius=17.0, gloss=0.3))
    rows.append(
      _row(place, (0.0, 0.0), 12.0, _STEEL, radius=13.0, dome=0.4, gloss=0.6)
    )
    rows += [
      _row(place, (0.6, 6.5), 8.0, _HOLE, angle=turn)
      for turn in (angle, angle + math.pi / 2)
    ]
  return rows


def _places() -> list[tuple[float, float]]:
  """Of the pins, row by row."""
  return [
    (
      _PITCH_PX * (row - (ROWS - 1) / 2),
      _PITCH_PX * (column - (COLUMNS - 1) / 2),
    )
    for row in range(ROWS)
    for column in range(COLUMNS)
  ]


def _sockets() -> list[Row]:
  """The hole of the floor that each pin comes out of."""
  return [
    _row(place, (6.0, 6.0), 1.0, _HOLE, radius=1.5, gloss=0.0)
    for place in _places()
  ]


def pins() -> list[Row]:
  """The pins, row by row, each exactly at its place."""
  return [
    _row(place, (1.2, 1.2), 10.0, _GOLD, radius=4.0, dome=0.5, gloss=0.6)
    for place in _places()
  ]


def litter() -> list[Row]:
  """A bent copper wire, a thin fibre half on the rim, a ball of solder."""
  wire = (
    (-44.0, -78.0),
    (-30.0, -66.0),
    (-14.0, -64.0),
    (2.0, -72.0),
    (14.0, -88.0),
    (30.0, -92.0),
  )
  fibre = [
    (-58.0 + 5.0 * math.sin(0.9 * step) + 1.2 * step, 30.0 + 6.0 * step)
    for step in range(9)
  ]
  solder: Row = dict(radius=7.0, dome=0.9, gloss=0.9)
  return [
    *_strokes(wire, 5.0, height=13.0, dome=0.7, colour=_COPPER, gloss=0.6),
    *_strokes(fibre, 2.2, height=13.0, colour=_FIBRE),
    _row((88.0, 39.0), (0.0, 1.5), 9.0, _TIN, **solder),
  ]


def _row(
  centre: Sequence[float],
  extent: Sequence[float],
  height: float,
  colour: Sequence[float],
  **others: Any,
) -> Row:
  """A part; its corners have a radius of 1 px where none is given."""
  given = dict(centre=centre, extent=extent, height=height, colour=colour)
  return dict(angle=0.0, radius=1.0, dome=0.0, gloss=0.1, is_there=1.0) | (
    given | others
  )


def _strokes(
  points: Sequence[Sequence[float]], width: float, **others: Any
) -> list[Row]:
  """A line through points, (row, column), of round strokes."""
  rows = []
  for (y1, x1), (y2, x2) in itertools.pairwise(points):
    dy, dx = y2 - y1, x2 - x1
    angle = math.atan2(dy, dx)
    half = 0.5 * math.hypot(dy, dx)
    rows.append(
      _row(
        ((y1 + y2) / 2, (x1 + x2) / 2),
        (0.0, half),
        angle=angle,
        radius=width / 2,
        **others,
      )
    )
  return rows
