"""Aligns the reference picture with the test picture before they are compared.

  move = register.estimate_move(reference, test, method='affine')
  registration = register.register(reference, test, method='affine')
  registration.aligned_reference, registration.valid, registration.reason

A good pair is never made worse: unless the moved reference is clearly more
like the test picture than the reference as it came, the reference stays as it
is, bit for bit, and ``reason`` says why.
"""

from __future__ import annotations

import math

import numpy as np

from zeroshot.data.pair_shapes import check_picture_shape
from zeroshot.registration import (
  candidates,
  objections,
  search,
  similarity,
  transforms,
)
from zeroshot.registration.pyramid import Pyramid
from zeroshot.registration.registration import (
  EstimatedMove,
  Registration,
  describe,
)
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

METHODS = ('none', 'affine', 'homography')

_MIN_SIDE_PX = 32
_SURE = 0.9  # from which no mirror image is looked for


def register(
  reference: HostArray,
  test: HostArray,
  *,
  method: str,
  valid: HostArray | None = None,
) -> Registration:
  """Returns the reference moved onto the test picture, if that helps.

  Args:
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    method: ``'none'``, ``'affine'`` or ``'homography'``.
    valid: mask ``[H, W]``, 1 where the reference has content, in its own
      pixel grid; None is everywhere.

  Returns:
    The aligned reference, how it was moved, or why it was not.

  Raises:
    ValueError: if the method is unknown, the pictures are not images of the
      same size, or the mask does not fit them.
  """
  for name, picture in (('reference', reference), ('test', test)):
    check_picture_shape(picture, name, dtype=np.float32)
  move = estimate_move(reference, test, valid, method=method)
  height, width = test.shape[:2]
  tile = Tile(0, 0, height, width)
  content = move.warp.inside(tile)
  if valid is not None:
    content &= move.warp.resample(valid, tile) > 0.99
  aligned = move.warp.resample(reference, tile)
  content = content.astype(np.float32)
  return describe(
    move,
    align=lambda: aligned,
    find_valid=lambda: content,
    coverage=float(content.mean()),
  )


def prepare(reference: HostArray, valid: HostArray | None = None) -> Pyramid:
  """What ``estimate_move`` needs of a reference, made once for many tests.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    valid: see ``register``.
  """
  return Pyramid(reference, valid)


def estimate_move(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  method: str,
  roi_mask: HostArray | None = None,
  prepared: Pyramid | None = None,
) -> EstimatedMove:
  """Returns how the reference must move, on copies of up to 2,560 px.

  The pictures may lie turned, scaled, shifted and tilted to each other, and
  differ in size. True differences bias the move little: what does not
  correlate does not pull.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    valid: see ``register``.
    method: see ``register``.
    roi_mask: ``[H, W]`` of the test picture, 1 in the region of interest: the
      alignment is trusted where it is right there, whatever lies around. None
      is everywhere.
    prepared: of ``prepare`` with this reference and mask; None prepares it.

  Raises:
    ValueError: see ``register``.
  """
  _check(reference, test, method=method, valid=valid)
  shapes = reference.shape[:2], test.shape[:2]
  start = Warp(transforms.resize(shapes[1], shapes[0]), *shapes)
  if method == 'none':
    pyramids = prepared or prepare(reference, valid), Pyramid(test)
    return _as_they_came(pyramids, roi_mask, start)
  if min(*shapes[0], *shapes[1]) < _MIN_SIDE_PX:
    return _stay(f'a side is shorter than {_MIN_SIDE_PX} px', start)
  if reference.dtype == test.dtype and np.array_equal(reference, test):
    return _stay('the pictures are identical', start)._replace(
      probability=1.0, residual_px=0.0
    )
  pyramids = prepared or prepare(reference, valid), Pyramid(test)
  found = search.search(
    *pyramids,
    max_parameters=8 if method == 'homography' else 6,
    roi_mask=roi_mask,
  )
  if found is None:
    return _stay('no plausible move was found', start)
  return _judge(found, pyramids, start)


def _judge(
  found: search.Found, pyramids: tuple[Pyramid, Pyramid], start: Warp
) -> EstimatedMove:
  """The move that was found, or none where it must not be made."""
  shapes = pyramids[0].shape, pyramids[1].shape
  before, after = similarity.similarities(*pyramids, start.matrix, found.matrix)
  probability = found.probability
  if before == after == similarity.TOO_LITTLE and probability > 0:
    probability = 0.0  # hardly anything is left to compare
  reason = objections.objection(
    start.matrix, found, before, after, shapes=shapes
  ) or objections.no_gain(pyramids, start.matrix, found)
  in_doubt = not found.probability >= _SURE or candidates.may_be_mirrored(
    *pyramids, found.check
  )
  mirrored = in_doubt and candidates.is_mirrored(*pyramids, found.check)
  if mirrored:
    reason = 'the pictures are mirror images'
  method = 'affine' if found.num_parameters == 6 else 'homography'
  return EstimatedMove(
    start if reason else Warp(found.matrix, *shapes),
    'none' if reason else method,
    reason,
    before,
    after,
    probability,
    foreign=found.foreign,
    period_px=found.period_px,
    residual_px=found.residual_px,
    drift_px=found.drift_px,
    is_coarse=found.check.is_coarse,
    is_rough=found.check.is_rough,
    mirrored=mirrored,
    refused=found.matrix if reason else None,
  )


def _as_they_came(
  pyramids: tuple[Pyramid, Pyramid], roi_mask: HostArray | None, start: Warp
) -> EstimatedMove:
  """No move, and whether the pictures show the same part without one."""
  found = search.as_found(*pyramids, start.matrix, 6, roi_mask)
  check = found.check
  mirrored = (
    check.probability < objections.MIN_PROBABILITY
    and candidates.is_mirrored(*pyramids, check)
  )
  return _stay('', start)._replace(
    probability=check.probability,
    mirrored=mirrored,
    residual_px=found.residual_px,
  )


def _stay(reason: str, start: Warp) -> EstimatedMove:
  """No move, and no similarity measured."""
  return EstimatedMove(start, 'none', reason, math.nan, math.nan)


def _check(
  reference: HostArray,
  test: HostArray,
  *,
  method: str,
  valid: HostArray | None,
) -> None:
  if method not in METHODS:
    raise ValueError(f'registration is {method!r}; use one of {METHODS}')
  for name, picture in (('reference', reference), ('test', test)):
    check_picture_shape(picture, name)
  if valid is not None and (
    valid.shape != reference.shape[:2] or valid.dtype != np.float32
  ):
    raise ValueError(
      f'valid is {valid.dtype} {valid.shape}; give float32 '
      f'{reference.shape[:2]}, the size of the reference'
    )
