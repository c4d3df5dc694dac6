"""Annotated boxes -> the pixels inside them that truly differ.

  boxes = targets.tight(annotated, margin_px=10.0)
  instance = targets.instances(reference, test, boxes)

An annotated box has a margin round its defect. Most of its pixels are the same
in both pictures, and edges may be imaged differently. Pixels that differ beyond
a small tolerance are the seeds of the defect; they grow over adjacent changed
pixels only.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.detect.boxes import at_least_a_pixel
from zeroshot.detect.classical import beyond_tolerance
from zeroshot.detect.components import one_component
from zeroshot.detect.extents import extents
from zeroshot.types import OPEN, HostArray

SAME = 0
MAX_BOXES = 254  # of a picture; the numbers between the two

_TOLERANCE_PX = 1.0  # largest displacement of an edge
_GROWTH_PX = 2  # of a seed, over changed pixels
_REACH_PX = 5  # beyond the box without its margin, where defects still reach
_MATERIAL_PX = 8  # beyond that, where extents look for like material
_CLEAR = 0.5  # share of the box's typical change that is a difference
_FAINT = 0.25  # less is the same; between the two it is open
_MIN_CHANGE = 0.1  # of a channel; a box with less shows no difference
_TYPICAL = 90  # percentile of the change inside a box, of its changed pixels


def tight(xyxy: HostArray, *, margin_px: float) -> HostArray:
  """Annotated boxes without the annotators' margin.

  Args:
    xyxy: ``[K, 4]``, x1 y1 x2 y2, the second corner the last pixel inside.
    margin_px: the margin on every side.

  Returns:
    Float32 ``[K, 4]``, half-open, at least a pixel wide and high.
  """
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  first = xyxy[:, :2] + margin_px
  beyond = xyxy[:, 2:] + 1 - margin_px
  return at_least_a_pixel(np.concatenate([first, beyond], axis=1))


def instances(
  reference: HostArray, test: HostArray, boxes: HostArray
) -> HostArray:
  """The number of the box that each pixel belongs to.

  Where boxes overlap, a pixel belongs to the smallest that it differs for.

  Args:
    reference: image ``[H, W, 3]``, in the grid and light of the test picture.
    test: image ``[H, W, 3]``.
    boxes: ``[K, 4]``, half-open, without margin, at most 254; see ``tight``.

  Returns:
    Uint8 ``[H, W]``: 0 where the pictures are the same, 255 where that is
    open, else one plus the number of the box. A box in which nothing differs
    is open all over.

  Raises:
    ValueError: if there are more boxes than numbers.
  """
  if len(boxes) > MAX_BOXES:
    raise ValueError(f'{len(boxes)} boxes in one picture; at most {MAX_BOXES}')
  change = np.abs(reference - test).max(axis=2)  # [H, W]
  seeds = beyond_tolerance(reference, test, tolerance_px=_TOLERANCE_PX)
  result = np.zeros(change.shape, np.uint8)
  areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
  for number in np.argsort(-areas, kind='stable'):
    window = _window(boxes[number], change.shape, beyond_px=_REACH_PX)
    differs, unsure = _classify(change[window], seeds[window])
    part = result[window]  # a view
    part[unsure & (part == SAME)] = OPEN
    part[differs] = number + 1
  return result


def box_deltas(
  reference: HostArray,
  test: HostArray,
  instance: HostArray,
  boxes: HostArray,
  *,
  extent_share: float,
  hidden_px: float,
) -> HostArray:
  """Distances from the box that detection draws to the annotated one.

  Args:
    reference: image ``[H, W, 3]``, in the grid and light of the test picture.
    test: image ``[H, W, 3]``.
    instance: uint8 ``[H, W]``, of ``instances``.
    boxes: ``[K, 4]``, the same.
    extent_share: see ``extents.extents``.
    hidden_px: likewise.

  Returns:
    Float32 ``[K, 4]``: left, top, right, bottom, outward positive, in pixels;
    0 for a box without pixels.
  """
  result = np.zeros((len(boxes), 4), np.float32)
  for index, box in enumerate(boxes):
    window = _window(box, instance.shape, beyond_px=_REACH_PX + _MATERIAL_PX)
    mask = instance[window] == index + 1
    if not mask.any():
      continue
    drawn = extents(
      one_component(mask),
      mask.astype(np.float32),
      np.ones(1),
      (reference[window], test[window]),
      extent_share=extent_share,
      hidden_px=hidden_px,
    )[0]
    drawn += np.tile([window[1].start, window[0].start], 2)
    result[index] = [*drawn[:2] - box[:2], *box[2:] - drawn[2:]]
  return result


def _window(
  box: HostArray, shape: tuple[int, ...], *, beyond_px: int
) -> tuple[slice, slice]:
  """The box grown by ``beyond_px``, within the picture."""
  x1, y1 = np.floor(box[:2]).astype(int) - beyond_px
  x2, y2 = np.ceil(box[2:]).astype(int) + beyond_px
  return (
    slice(max(y1, 0), min(max(y2, 0), shape[0])),
    slice(max(x1, 0), min(max(x2, 0), shape[1])),
  )


def _classify(
  change: HostArray, seeds: HostArray
) -> tuple[HostArray, HostArray]:
  """The pixels of a window that differ, and those that are open."""
  strong = seeds if seeds.max(initial=0) > _MIN_CHANGE else change
  if strong.max(initial=0) <= _MIN_CHANGE:
    return np.zeros(change.shape, bool), np.ones(change.shape, bool)
  typical = float(np.percentile(strong[strong > _MIN_CHANGE], _TYPICAL))
  side = 2 * _GROWTH_PX + 1
  disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
  core = (strong >= _CLEAR * typical).astype(np.uint8)
  near = cv2.dilate(core, disc).astype(bool)
  differs = near & (change >= _CLEAR * typical)
  return differs, (change >= _FAINT * typical) & ~differs
