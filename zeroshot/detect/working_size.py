"""Pairs compared at a fraction of their resolution.

  factor = factor_for(24, (960, 1280))    # 2: of both pictures
  small = shrink(pixels, factor)
  detection = detect_shrunk(detect, pixels, small, test, factor=factor)

What is smaller than a least size need not be seen. The pictures are averaged
down as far as a difference of the least size keeps ``_LEAST_PX``: a quarter of
the pixels, or less, is registered and scored, and dust fades before it could be
marked. All that comes back is in the pixels of the test picture as it came.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import measures, settings
from zeroshot.detect.detector import Detection
from zeroshot.detect.pair_input import KnownReference
from zeroshot.detect.registered_pair import RegisteredPair
from zeroshot.registration import register, sharpness, transforms
from zeroshot.registration.warp import Warp, identity
from zeroshot.types import Boxes, HostArray

# Of a difference of the least size, on the shrunk pictures. Of spots 8 px would
# do; of sticks a fifth as wide as long, a third would be lost at that.
_LEAST_PX = 12.0
_LEAST_SIDE_PX = 256  # of the shrunk pictures, so that they can be aligned

_Shapes = tuple[tuple[int, int], tuple[int, int]]  # of reference and test


def factor_for(least_px: float, *shapes: tuple[int, int]) -> int:
  """By what both pictures are shrunk.

  Args:
    least_px: least size of a difference, pixels of the test picture.
    *shapes: heights and widths of the two pictures.

  Returns:
    1 or more; 1 leaves them as they are.
  """
  # 1.2 mm at 0.05 mm a pixel is a little less than 24 px in floating point.
  return limit(int(least_px / _LEAST_PX + 1e-6), *shapes)


def least_px(factor: int) -> float:
  """The least size of a difference that a factor is for, pixels."""
  return _LEAST_PX * factor


def limit(factor: int, *shapes: tuple[int, int]) -> int:
  """A factor, or the largest that pictures allow where that is less.

  Args:
    factor: that is asked for.
    *shapes: heights and widths of the pictures.

  Returns:
    1 or more.
  """
  most = min(min(shape) for shape in shapes) // _LEAST_SIDE_PX
  return max(min(factor, most), 1)


def shrink(reference: HostArray, factor: int) -> KnownReference:
  """A reference, averaged down and prepared for many test pictures.

  Args:
    reference: pixels ``[H, W, 3]``; see ``detector.detect``.
    factor: of ``factor_for``.
  """
  small = shrink_picture(as_uint8(reference), factor)
  return KnownReference(small, register.prepare(small))


def detect_shrunk(
  detect: Callable[..., Detection],
  reference: HostArray,
  small: KnownReference,
  test: HostArray,
  *,
  factor: int,
  roi_mask: HostArray | None = None,
  check_move: Callable[[register.EstimatedMove], None] | None = None,
) -> Detection:
  """The detections of a pair that is compared at a fraction of its size.

  Args:
    detect: of ``detector.build_detector``.
    reference: pixels ``[H, W, 3]`` of the good part; see ``detector.detect``.
    small: of ``shrink``, of this reference.
    test: pixels ``[h, w, 3]`` of the part under test.
    factor: that ``small`` was shrunk by.
    roi_mask: see ``detector.detect``; of the test picture as it came.
    check_move: likewise; it is told moves of the pictures as they came.

  Returns:
    In the pixels of the test picture: all but ``foreign`` of the pair, which
    is of any size.

  Raises:
    ValueError: see ``detector.detect``.
  """
  reference, test = as_uint8(reference), as_uint8(test)
  shapes = reference.shape[:2], test.shape[:2]

  def check(move: register.EstimatedMove) -> None:
    if check_move is not None:
      check_move(_enlarge_move(move, shapes))

  found = detect(
    small,
    shrink_picture(test, factor),
    roi_mask=None if roi_mask is None else shrink_mask(roi_mask, factor),
    check_move=check,
  )
  return enlarge(found, reference, test, factor=factor, roi_mask=roi_mask)


def enlarge(
  found: Detection,
  reference: HostArray,
  test: HostArray,
  *,
  factor: int,
  roi_mask: HostArray | None = None,
) -> Detection:
  """What was found at a fraction of the size, of the pictures as they came.

  Args:
    found: of both pictures, shrunk.
    reference: uint8 ``[H, W, 3]``, as it came.
    test: uint8 ``[h, w, 3]``, as it came.
    factor: that the test picture was shrunk by.
    roi_mask: 1 in the region of interest, of the test picture as it came; None
      is everywhere.

  Returns:
    See ``detect_shrunk``.
  """
  shapes = reference.shape[:2], test.shape[:2]
  pair = found.pair._replace(
    reference=reference,
    test=test,
    warp=scale_warp(found.pair.warp, shapes),
    to_blur=_enlarge_blur(found.pair.to_blur, shapes[1]),
  )
  return Detection(
    _enlarge_scores(found.scores, pair, roi_mask),
    _enlarge_boxes(found.boxes, found.scores.shape, shapes[1]),
    _enlarge_registration(found, pair),
    pair,
    factor,
  )


def small_shape(shape: tuple[int, int], factor: int) -> tuple[int, int]:
  """Height and width of a picture of a height and width, shrunk."""
  return max(round(shape[0] / factor), 1), max(round(shape[1] / factor), 1)


def shrink_picture(picture: HostArray, factor: int) -> HostArray:
  """A picture, averaged down.

  Args:
    picture: ``[H, W]`` or ``[H, W, C]``: uint8, uint16 or float32.
    factor: of ``factor_for``.

  Returns:
    Of the same type; of a factor of 1 the picture itself.
  """
  if factor == 1:
    return picture
  height, width = small_shape(picture.shape[:2], factor)
  return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def shrink_mask(mask: HostArray, factor: int) -> HostArray:
  """1 where all pixels are to be inspected, so that thin ignored lines stay.

  Args:
    mask: ``[H, W]``, more than 0 where to inspect.
    factor: of ``factor_for``.

  Returns:
    uint8.
  """
  inside = (mask > 0).astype(np.float32)
  return (shrink_picture(inside, factor) > 0.999).astype(np.uint8)


def scale_warp(warp: Warp, shapes: _Shapes) -> Warp:
  """The same move of the two pictures at other sizes.

  Args:
    warp: of the pictures at one size.
    shapes: heights and widths of reference and test picture at the other.
  """
  if warp.is_identity and shapes[0] == shapes[1]:
    return identity(shapes[1])
  field = warp.field
  if field is not None:
    ratio = shapes[1][0] / field.height
    field = field._replace(
      nodes=field.nodes * np.float32(ratio),
      height=shapes[1][0],
      width=shapes[1][1],
    )
  return Warp(_enlarge_matrix(warp.matrix, warp, shapes), *shapes, field)


def _enlarge_blur(
  to_blur: sharpness.Sharpness | None, shape: tuple[int, int]
) -> sharpness.Sharpness | None:
  """The same blur of the test picture as it came."""
  if to_blur is None:
    return None
  ratio = np.float32(shape[0] / to_blur.height)
  return sharpness.Sharpness(to_blur.sigma_px * ratio, *shape)


def _enlarge_matrix(
  matrix: HostArray, warp: Warp, shapes: _Shapes
) -> HostArray:
  return transforms.between_sizes(
    matrix,
    from_shapes=(warp.reference_shape, warp.test_shape),
    to_shapes=shapes,
  )


def _enlarge_move(
  move: register.EstimatedMove, shapes: _Shapes
) -> register.EstimatedMove:
  ratio = shapes[1][0] / move.warp.test_shape[0]
  refused = move.refused
  if refused is not None:
    refused = _enlarge_matrix(refused, move.warp, shapes)
  return move._replace(
    warp=scale_warp(move.warp, shapes),
    refused=refused,
    period_px=move.period_px * ratio,
    residual_px=move.residual_px * ratio,
    drift_px=move.drift_px * ratio,
  )


def _enlarge_registration(
  found: Detection, pair: RegisteredPair
) -> register.Registration:
  registration = found.registration
  height, width = pair.warp.test_shape
  move = transforms.describe(
    pair.warp.matrix,
    height=height,
    width=width,
    reference_shape=pair.warp.reference_shape,
  )
  ratio = height / found.scores.shape[0]
  return dataclasses.replace(
    registration,
    align=pair.aligned,
    find_valid=pair.valid,
    matrix=pair.warp.matrix,
    **move._asdict(),
    field=pair.warp.field,
    period_px=registration.period_px * ratio,
    residual_px=registration.residual_px * ratio,
  )


def _enlarge_scores(
  scores: HostArray, pair: RegisteredPair, roi_mask: HostArray | None
) -> HostArray:
  """The score map of the whole picture, 0 where nothing was compared."""
  height, width = pair.test.shape[:2]
  kind = np.float32 if height * width < settings.LARGE_PX else np.float16
  large = cv2.resize(scores.astype(np.float32, copy=False), (width, height))
  if roi_mask is not None:
    large[roi_mask == 0] = 0
  if pair.coverage < 1:
    large[pair.valid() == 0] = 0
  return large.astype(kind, copy=False)


def _enlarge_boxes(
  boxes: Boxes, from_shape: tuple[int, ...], to_shape: tuple[int, int]
) -> Boxes:
  down, across = (to / of for to, of in zip(to_shape, from_shape, strict=True))
  sides = np.array([across, down, across, down], np.float32)
  measured = boxes.measures
  if measured is not None:
    measured = measures.enlarge(measured, (down * across) ** 0.5)
  return boxes._replace(xyxy=boxes.xyxy * sides, measures=measured)
