"""The recipe that judged the parts of a page: good parts, variation, words.

recipe, notes = taught.read(Path('results'))
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zeroshot.data import pictures
from zeroshot.page import embedding
from zeroshot.recipe import summary, variation
from zeroshot.types import HostArray, JsonObject

_MOST_GOODS = 40  # that are shown, the first ones
_VARIATION = 'recipe-variation'  # of the elements that hold pictures
_SHOWN = ('name', 'verdict', 'certainty', 'tolerance', 'min_size')


class Shown(NamedTuple):
  """A recipe as a page shows it.

  Attributes:
    data: for the script.
    pictures: identifier of an element and its data URI.
    grid: 3x3, from pixels of the variation map's picture to those of the first
      good part; None without a map.
  """

  data: JsonObject
  pictures: tuple[tuple[str, str], ...]
  grid: HostArray | None

  def place(self, row: JsonObject) -> JsonObject | None:
    """Where the variation map lies in a row's test picture.

    Args:
      row: a record of the results.

    Returns:
      ``matrix``, 3x3 row by row, from pixels of the map's picture to those of
      the test picture, both counted from the corner of the first one; and
      ``clip``, the corners of the test picture in the map's. None where it is
      not known.
    """
    if self.grid is None or row.get('to_frame') is None:
      return None
    to_frame = np.array(row['to_frame'], np.float64)
    if abs(np.linalg.det(to_frame)) < 1e-12:
      return None
    # Pixels are counted from their centres there, and from corners on a page.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.linalg.inv(to_frame)
    matrix = half @ back @ np.linalg.inv(half) @ self.grid
    width, height = row['width'], row['height']
    corners = np.array(
      [[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]]
    )
    clip = np.linalg.inv(matrix) @ corners
    return {
      'matrix': [
        float(f'{value:.9g}') for value in (matrix / matrix[2, 2]).ravel()
      ],
      'clip': (clip[:2] / clip[2]).T.round(2).tolist(),
    }


def read(folder: Path) -> tuple[Shown | None, list[str]]:
  """Reads what a folder of results keeps of its recipe.

  Args:
    folder: that ``zeroshot inspect RECIPE --out`` wrote.

  Returns:
    The recipe, None where there is none or it is damaged; and notes for the
    reader.
  """
  place = folder / summary.FOLDER
  if not place.is_dir():
    return None, []
  try:
    kept = summary.read(place)
    shown = tuple(_embed(kept))
    grid = None
    if kept.variation is not None:
      uri, grid = _map(kept.variation, kept.scale)
      shown = (*shown, (_VARIATION, uri))
  except ValueError as error:
    return None, [f'The recipe cannot be shown: {error}']
  recipe = kept.recipe
  data: JsonObject = {name: recipe[name] for name in _SHOWN} | {
    'parts': len(kept.goods),
    'shown': min(len(kept.goods), _MOST_GOODS),
    'variants': recipe['variants'],
    'variation': kept.scale or None,
    'colours': [f'rgb({",".join(map(str, stop))})' for stop in variation.STOPS],
  }
  return Shown(data, shown, grid), []


def _embed(kept: summary.Kept) -> Iterator[tuple[str, str]]:
  for number, path in enumerate(kept.goods[:_MOST_GOODS], 1):
    yield f'recipe-good-{number}', embedding.embed(path)


def _map(path: Path, scale: Mapping[str, float]) -> tuple[str, HostArray]:
  """The data URI of the variation map, and the grid of ``Shown``."""
  data = pictures.read_bytes(path)
  height, width = pictures.size_of(data, path)
  # As it is: it has an opacity.
  uri = f'data:image/png;base64,{base64.b64encode(data).decode("ascii")}'
  return uri, np.diag([scale['width'] / width, scale['height'] / height, 1.0])
