"""One good part against a recipe of several, on products with labelled defects.

  table = recipe_table.measure(product, recipe_detector, detector, taught=10)
  print(recipe_table.to_markdown({'plug': table}))

A product is a folder with ``manifest.json`` (the files of ``good`` and ``bad``)
and ``labels.json`` (the boxes of each bad one). A defect is found where a box's
centre lies in its box, 4 px beyond included, or both overlap by a tenth of
their union; a part that cannot be aligned is found, and is no false box.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.inspection.regions import Region
from zeroshot.inspection.result import Inspection
from zeroshot.recipe.detector import RecipeDetector
from zeroshot.types import HostArray

_BEYOND_PX = 4
_MIN_IOU = 0.1
_Inspect = Callable[[Path], Inspection]


class Product(NamedTuple):
  """Pictures of one product.

  Attributes:
    good: of good parts.
    bad: of parts with defects that are labelled.
    defects: boxes ``[K, 4]`` of each bad one.
  """

  good: tuple[Path, ...]
  bad: tuple[Path, ...]
  defects: tuple[HostArray, ...]


class Figures(NamedTuple):
  """What one way of inspecting reaches.

  Attributes:
    false_boxes: on each good part.
    refused: good parts that could not be aligned.
    found: defects that are found.
    defects: that there are.
    bad_told: share of the bad parts that are told different, or refused.
    milliseconds: median for a part.
  """

  false_boxes: tuple[int, ...]
  refused: int
  found: int
  defects: int
  bad_told: float
  milliseconds: float


def read_product(folder: Path) -> Product:
  """Reads what a product's folder holds.

  Raises:
    OSError: a file of it is missing.
  """
  manifest = json.loads((folder / 'manifest.json').read_text('utf-8'))
  labels = json.loads((folder / 'labels.json').read_text('utf-8'))
  return Product(
    tuple(folder / 'good' / name for name in manifest['good']),
    tuple(folder / 'bad' / name for name in labels),
    tuple(
      np.array(boxes, np.float64).reshape(-1, 4) for boxes in labels.values()
    ),
  )


def measure(
  product: Product,
  recipe: RecipeDetector,
  detector: Detector,
  *,
  taught: int,
  most: int | None = None,
  roi: Sequence[Region] = (),
) -> tuple[Figures, Figures]:
  """The figures of one good part, and of a recipe.

  Args:
    product: its first ``taught`` good parts are those of the recipe.
    recipe: was taught with them.
    detector: has the same weights, and a threshold of its own.
    taught: number of good parts that are not tested.
    most: so many of the others, and of the bad ones, are tested; None is all.
    roi: regions for ``detector``.
  """
  first = detector.prepare(product.good[0])
  tested = product._replace(
    good=product.good[taught:][:most],
    bad=product.bad[:most],
    defects=product.defects[:most],
  )
  ways: tuple[_Inspect, _Inspect] = (
    lambda path: detector.inspect(first, path, roi=roi),
    recipe.inspect,
  )
  for way in ways:  # the first of all takes longer
    way(product.good[0])
  before, after = (_figures(way, tested) for way in ways)
  return before, after


def _figures(inspect: _Inspect, tested: Product) -> Figures:
  """The figures of one way of inspecting."""
  false_boxes, found, told = [], 0, 0
  seconds: list[float] = []
  for path in tested.good:
    boxes = _boxes(inspect, path, seconds)
    if boxes is not None:
      false_boxes.append(len(boxes))
  for path, defects in zip(tested.bad, tested.defects, strict=True):
    boxes = _boxes(inspect, path, seconds)
    told += boxes is None or len(boxes) > 0
    found += len(defects) if boxes is None else num_found(defects, boxes)
  return Figures(
    tuple(false_boxes),
    len(tested.good) - len(false_boxes),
    found,
    sum(map(len, tested.defects)),
    told / max(len(tested.bad), 1),
    1000 * float(np.median(seconds)),
  )


def _boxes(
  inspect: _Inspect, path: Path, seconds: list[float]
) -> HostArray | None:
  """The boxes ``[K, 4]`` of a part; None where it cannot be aligned."""
  try:
    inspection = inspect(path)
  except CouldNotAlignError:
    return None
  seconds.append(inspection.seconds)
  return np.array([box[:4] for box in inspection.boxes]).reshape(-1, 4)


def num_found(defects: HostArray, boxes: HostArray) -> int:
  """How many defects ``[K, 4]`` are found by boxes ``[N, 4]``."""
  return sum(any(_finds(box, each) for box in boxes) for each in defects)


def _finds(box: HostArray, defect: HostArray) -> bool:
  centre = (box[:2] + box[2:]) / 2
  inside = (centre >= defect[:2] - _BEYOND_PX) & (
    centre < defect[2:] + _BEYOND_PX
  )
  common = np.minimum(box[2:], defect[2:]) - np.maximum(box[:2], defect[:2])
  shared = np.maximum(common, 0).prod()
  both = (box[2:] - box[:2]).prod() + (defect[2:] - defect[:2]).prod() - shared
  return bool(inside.all() or shared / both > _MIN_IOU)


def to_markdown(figures: Mapping[str, tuple[Figures, Figures]]) -> str:
  """A table of all products, one good part beside the recipe."""
  lines = [
    '| product | figure | one good part | recipe |',
    '| --- | --- | --- | --- |',
  ]
  for product, both in figures.items():
    rows = {
      'false boxes per good part': [
        f'{np.mean(each.false_boxes or [0]):.2f}' for each in both
      ],
      'good parts told "same"': [
        f'{sum(n == 0 for n in each.false_boxes)}/'
        f'{len(each.false_boxes) + each.refused}'
        for each in both
      ],
      'defects found': [f'{each.found}/{each.defects}' for each in both],
      'bad parts told': [f'{each.bad_told:.0%}' for each in both],
      'ms for a part': [f'{each.milliseconds:.0f}' for each in both],
    }
    lines += [
      f'| {product} | {name} | {" | ".join(cells)} |'
      for name, cells in rows.items()
    ]
  return '\n'.join(lines)
