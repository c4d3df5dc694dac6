"""What good parts teach, each left out in turn.

  learned = learning.learn(network, parts, settings)
  learned.bar, learned.tolerance, learned.verdict

Each good part is inspected as a test picture would be, against the others. How
far it is from them makes the bar of each place; the tolerance is the least
multiple of that bar at which few enough false boxes are left, the bar of a part
being made of the others alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.detect import maps, postprocess, scan
from zeroshot.recipe import appearance, comparing, words
from zeroshot.recipe.network import OpenedNetwork
from zeroshot.recipe.parts import Parts
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

_LOWEST, _HIGHEST, _STEPS = 0.7, 8.0, 20  # tolerances that are tried
_TRIED = np.geomspace(_LOWEST, _HIGHEST, _STEPS)


class Settings(NamedTuple):
  """What is asked for.

  Attributes:
    threshold: least confidence of a box that counts.
    least_px: least ``size_px`` of a box that counts, pixels of the pictures as
      they came.
    false_boxes: for each good part, at most.
    variants: names of the parts' variants, '' where they have none. The only
      part of a named one is remembered, but tells nothing of how parts of one
      variant differ.
  """

  threshold: float
  least_px: float
  false_boxes: float
  variants: tuple[str, ...] = ()


class Learned(NamedTuple):
  """What was learned.

  Attributes:
    bar: float32 ``[h, w]``, how far good parts are from each other in each
      cell of the frame, shrunk as the parts are; None of one good part.
    tolerance: so many times the bar is a difference; 0 of one good part.
    false_boxes: left at that tolerance, of each part.
    verdict: on the recipe, in words.
    certainty: of the false boxes, in words.
  """

  bar: HostArray | None
  tolerance: float
  false_boxes: tuple[int, ...]
  verdict: str
  certainty: str


class _LeftOut(NamedTuple):
  """A good part as the others see it.

  Attributes:
    registered: with the frame and the part most like it.
    scores: of the network, ``[H, W]``.
    far: from the others, ``[h, w]``.
  """

  registered: comparing.Registered
  scores: HostArray
  far: HostArray


def learn(network: OpenedNetwork, parts: Parts, settings: Settings) -> Learned:
  """Leaves each good part out in turn.

  Args:
    network: of the recipe.
    parts: its good parts.
    settings: what is asked for.
  """
  num = len(parts.prepared)
  if num == 1:
    return Learned(None, 0.0, (0,), words.ONE_PART, words.ONE_PART_CERTAINTY)
  asked = [i for i in range(num) if not _is_lone(i, settings.variants)]
  if len(asked) < 2:
    asked = list(range(num))
  num = len(asked)
  each = [_leave_out(network, parts, index) for index in asked]
  distances = [part.far for part in each]
  bars = [
    appearance.bar(distances[:index] + distances[index + 1 :])
    for index in range(num)
  ]
  found = [
    _boxes_left(network, part, bars[index], settings, parts.factor)
    for index, part in enumerate(each)
  ]
  counts = np.array([[len(b) for b in row] for row in found])  # [N, steps]
  enough = np.flatnonzero(counts.sum(axis=0) <= settings.false_boxes * num)
  step = int(enough[0]) if len(enough) else _STEPS - 1
  needed = [_first_without(row) for row in counts]
  frame = parts.originals[0].loaded.stored.pixels.shape[:2]
  places = _places(each, found, frame)
  return Learned(
    appearance.bar(distances),
    float(round(_TRIED[step], 3)),
    tuple(counts[:, step].tolist()),
    words.verdict(needed, places, asked, frame=frame),
    words.certainty(int(counts[:, step].sum()), num, settings.false_boxes),
  )


def _is_lone(index: int, variants: Sequence[str]) -> bool:
  """Whether a part is the only one of a named variant."""
  if index >= len(variants) or not variants[index]:
    return False
  return variants.count(variants[index]) == 1


def _leave_out(network: OpenedNetwork, parts: Parts, index: int) -> _LeftOut:
  """A good part against the others."""
  part = parts.prepared[index]
  # A part was accepted, or forced, so its alignment is not questioned again.
  registered = comparing.register(
    network, parts, part.loaded, given=part.given, but=index
  )
  pair = registered.pair
  grid = scan.tile_grid_of(pair, network.scorer, network.options)
  scored = scan.scan_pair(pair, network.scorer, registered.roi_mask, grid)
  others = np.delete(parts.memory, index, axis=0)
  far = appearance.distance(others, registered.look())
  return _LeftOut(registered, scored.scores.astype(np.float16), far)


def _boxes_left(
  network: OpenedNetwork,
  part: _LeftOut,
  bar: HostArray,
  settings: Settings,
  factor: int,
) -> list[HostArray]:
  """The boxes ``[K, 4]`` that are left of a good part at each tolerance."""
  least_px = settings.least_px / factor - 1  # as in differences.to_boxes
  registered = part.registered
  pair, whole = registered.pair, Tile(0, 0, *registered.pair.test.shape[:2])
  crop = pair.crop(whole)
  valid = scan.within_roi(crop.valid_mask, registered.roi_mask, whole)
  pictures = pair.relight(crop), crop.test
  left: list[HostArray] = []
  for tolerance in _TRIED:
    if len(left) > 1 and not len(left[-1]) and not len(left[-2]):
      left.append(left[-1])  # more tolerance brings none back
      continue
    scores = part.scores.astype(np.float32)
    scores *= comparing.allowance(
      part.far / (bar * tolerance), registered.to_frame, scores.dtype
    )
    found = postprocess.postprocess(
      scores,
      maps.HeadMaps(scores),
      valid,
      pictures,
      options=network.options,
      calibration=network.fitted,
    )
    assert found.measures is not None
    counts = found.confidence >= settings.threshold
    counts &= found.measures.size_px >= least_px
    left.append(found.xyxy[counts])
  return left


def _first_without(counts: HostArray) -> float:
  """The least tolerance at which a part has no box; the highest, if none."""
  silent = np.flatnonzero(counts == 0)
  return float(_TRIED[silent[0]] if len(silent) else _TRIED[-1])


def _places(
  each: Sequence[_LeftOut],
  found: Sequence[Sequence[HostArray]],
  frame: tuple[int, ...],
) -> list[HostArray]:
  """Where each part differs from the others, boxes ``[K, 4]`` of the frame.

  At the tolerance of 1: further than any two others are from each other.

  Args:
    each: the parts.
    found: their boxes at each tolerance.
    frame: height and width of the frame as it came.
  """
  step = int(np.argmin(np.abs(_TRIED - 1)))
  small = each[0].registered.to_frame.reference_shape
  sides = 2 * [frame[1] / small[1], frame[0] / small[0]]
  return [
    _in_frame(row[step], part.registered.to_frame) * sides
    for part, row in zip(each, found, strict=True)
  ]


def _in_frame(xyxy: HostArray, to_frame: Warp) -> HostArray:
  """Boxes ``[K, 4]`` of a test picture, moved with their centres."""
  if not len(xyxy):
    return xyxy
  centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2
  x, y, _ = to_frame.points(centre[:, 0], centre[:, 1])
  half = (xyxy[:, 2:] - xyxy[:, :2]) / 2
  there = np.stack([x, y], axis=1)
  return np.concatenate([there - half, there + half], axis=1)
