"""What a folder of results keeps of the recipe that judged them.

  summary.write(Path('results/recipe'), taught)
  kept = summary.read(Path('results/recipe'))
  kept.recipe['verdict'], kept.goods[0]

Small pictures of the good parts, the variation map and the recipe's own words,
as they were when the parts were inspected: the recipe itself may have learned
more since, or be elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe import store, variation
from zeroshot.recipe.taught import Taught
from zeroshot.types import HostArray, JsonObject

FOLDER = 'recipe'  # of the folder of results
SUMMARY, VARIATION = 'summary.json', 'variation.png'
_LONGEST_PX = 320  # of a good part


class Kept(NamedTuple):
  """A summary as it was read.

  Attributes:
    recipe: the fields of ``recipe.json``.
    goods: files of the good parts, small; the first is the frame.
    variation: file of the variation map; None where there is none.
    scale: ``least``, ``most``, ``width`` and ``height``, see
      ``variation.Variation``; empty without a map.
  """

  recipe: JsonObject
  goods: tuple[Path, ...]
  variation: Path | None
  scale: dict[str, float]


def write(folder: Path, taught: Taught) -> None:
  """Writes a summary; one that is there is replaced.

  Args:
    folder: to write; the one that it lies in must exist.
    taught: the recipe.

  Raises:
    OSError: it cannot be written.
    ValueError: see ``variation.draw``.
  """
  drawn = variation.draw(taught)
  content = {
    'recipe': recipes.to_json(taught.recipe),
    'parts': len(taught.goods),
    'variation': None if drawn is None else _scale(drawn),
  }
  partial = folder.with_name(f'.{folder.name}.partial')
  shutil.rmtree(partial, ignore_errors=True)
  (partial / store.GOOD).mkdir(parents=True)
  for number, good in enumerate(taught.goods, 1):
    _write_png(partial / store.good_name(number), small(good))
  if drawn is not None:
    _write_png(partial / VARIATION, drawn.picture)
  text = json.dumps(content, indent=2, allow_nan=False)
  (partial / SUMMARY).write_text(f'{text}\n', 'utf-8')
  shutil.rmtree(folder, ignore_errors=True)
  os.replace(partial, folder)


def read(folder: Path) -> Kept:
  """Reads a summary.

  Args:
    folder: of ``write``.

  Raises:
    ValueError: it is missing or damaged.
  """
  file = folder / SUMMARY
  try:
    content = json.loads(file.read_text('utf-8'))
    recipe = recipes.from_json(content['recipe'], place=f'{file}')
    count, scale = int(content['parts']), content['variation'] or {}
    figures = {name: float(scale[name]) for name in _SCALE if scale}
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{file} is missing or damaged ({error}); run zeroshot inspect again'
    ) from error
  goods = tuple(folder / store.good_name(n) for n in range(1, count + 1))
  return Kept(
    recipes.to_json(recipe),
    goods,
    folder / VARIATION if figures else None,
    figures,
  )


_SCALE = variation.Variation._fields[1:]


def _scale(drawn: variation.Variation) -> dict[str, float]:
  figures = drawn._asdict()
  return {name: round(figures[name], 3) for name in _SCALE}


def small(good: HostArray) -> HostArray:
  """A small copy of a good part.

  Args:
    good: pixels ``[H, W, 3]``, see ``taught.Taught``.

  Returns:
    uint8, at most 320 px on its longer side.
  """
  picture = as_uint8(good)
  height, width = picture.shape[:2]
  share = min(1.0, _LONGEST_PX / max(height, width))
  size = max(1, round(width * share)), max(1, round(height * share))
  return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _write_png(path: Path, pixels: HostArray) -> None:
  """Writes RGB, or RGB and opacity."""
  order = [2, 1, 0, 3][: pixels.shape[2]]  # to OpenCV's
  done, data = cv2.imencode('.png', np.ascontiguousarray(pixels[..., order]))
  if not done:
    raise OSError(f'{path}: pixels of shape {pixels.shape} make no PNG')
  path.write_bytes(data.tobytes())
