"""The frame and a picture, aligned by what lies in the inspected regions.

  move = aligning.onto(frame, region, pixels, test, options)
  move = aligning.into(good, frame, region, options)

What lies under a part, such as another place of a belt, would pull it away from
where it lies, so what is outside of the regions has no say. Where they show too
little to go by, as a region of one colour does, all of the picture has.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import pair_input
from zeroshot.detect.pair_input import KnownReference
from zeroshot.detect.settings import DetectSettings
from zeroshot.inspection import inputs
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.recipe import appearance
from zeroshot.registration import local_field, objections, register
from zeroshot.registration.registration import EstimatedMove
from zeroshot.types import HostArray, Tile

# Around the regions, of the longest side. More of what lies under the part
# would bend the move, less would hide the edge of the part.
_MARGIN = 0.01
_LEAST_MARGIN_PX = 2
_MIN_SHARE = 0.5  # of the picture, from which perspective is told


def onto(
  frame: PreparedReference,
  region: HostArray | None,
  pixels: HostArray,
  test: HostArray,
  options: DetectSettings,
) -> EstimatedMove:
  """How the frame is moved onto a picture.

  Args:
    frame: the first good part.
    region: bool ``[H, W]``, what is inspected of it; None is all.
    pixels: ``[H, W, 3]`` of the frame, after it was joined with the picture.
    test: pixels ``[h, w, 3]`` of the picture.
    options: of detection.
  """
  move = _within(frame, region, pixels, test, options.registration)
  if move is None:
    roi_mask = None
    if region is not None and region.shape == test.shape[:2]:
      roi_mask = region.astype(np.uint8)
    pixels, prepared = pair_input.known(frame.known(pixels))
    return pair_input.estimate_move(
      pixels, test, None, roi_mask, options, None, prepared
    )
  around = None if region is None else with_margin(region)
  if options.local_field:
    move = local_field.with_local_field(move, pixels, test, around)
  return move


def into(
  good: PreparedReference,
  frame: PreparedReference,
  region: HostArray | None,
  options: DetectSettings,
) -> EstimatedMove:
  """How a good part is moved onto the frame.

  Args:
    good: the part.
    frame: the first good part.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.
    options: of detection.
  """
  pair = inputs.join(good.loaded, frame.loaded)
  reference, test = as_uint8(pair.reference), as_uint8(pair.test)
  back = inputs.join(frame.loaded, good.loaded)
  move = _within(frame, region, back.reference, back.test, options.registration)
  around = None
  if move is None:
    move = register.estimate_move(reference, test, method=options.registration)
  elif region is not None:
    whole = Tile(0, 0, *move.warp.test_shape)
    around = move.warp.resample(with_margin(region), whole)
    around = (around > 0.99).astype(np.float32)
    move = move._replace(warp=appearance.invert(move.warp))
  if options.local_field:
    move = local_field.with_local_field(move, reference, test, around)
  return move


def _within(
  frame: PreparedReference,
  region: HostArray | None,
  pixels: HostArray,
  test: HostArray,
  method: str,
) -> EstimatedMove | None:
  """How the frame is moved onto a picture, by the regions alone.

  Returns:
    None if all is inspected, or the regions show too little to go by.
  """
  if region is None:
    return None
  around = with_margin(region)
  if around.all():
    return None
  if method == 'homography' and around.mean() < _MIN_SHARE:
    method = 'affine'
  known = frame.known(pixels)
  prepared = None
  if isinstance(known, KnownReference):
    prepared = frame.pyramid.once(
      'regions', lambda _: register.prepare(known.pixels, around)
    )
  move = register.estimate_move(
    pixels, test, around, method=method, prepared=prepared
  )
  # NaN is no probability.
  is_sure = move.probability >= objections.MIN_PROBABILITY and not move.mirrored
  return move if is_sure else None


def with_margin(region: HostArray) -> HostArray:
  """A region with what lies close around it, float32 ``[H, W]``, 1 inside.

  Args:
    region: bool ``[H, W]``.
  """
  margin = max(round(_MARGIN * max(region.shape)), _LEAST_MARGIN_PX)
  ones = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
  return cv2.dilate(region.astype(np.uint8), ones).astype(np.float32)
