"""Aligns the reference picture with the test picture before they are compared.

  move = register.estimate_move(reference, test, method='affine')
  registration = register.register(reference, test, method='affine')
  registration.aligned_reference, registration.valid, registration.reason

A good pair is never made worse: unless the moved reference is clearly more
like the test picture than the reference as it came, the reference stays as it
is, bit for bit, and ``reason`` says why.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.data.pictures import as_image
from zeroshot.registration import coarse_search, transforms, warp
from zeroshot.registration.warp import LocalField, Warp
from zeroshot.types import HostArray, Tile

METHODS = ('none', 'affine', 'homography')

_NUM_PARAMETERS = {'affine': 6, 'homography': 8}
_MIN_SIDE_PX = 32
_MIN_MOVE_PX = 0.25  # of the corners; less is not worth a resampling
_MIN_SIMILARITY = 0.25  # between pictures of the same part, once aligned
_MIN_GAIN = 0.03  # of what was missing to a similarity of 1


@dataclasses.dataclass(frozen=True, eq=False)
class Registration:
  """A reference in the pixel grid of the test picture.

  Attributes:
    align: makes ``aligned_reference``, which most inspections never need.
    find_valid: makes ``valid``, likewise.
    matrix: float64 ``[3, 3]``; what lies at (x, y) in the test picture lies
      at ``matrix @ (x, y, 1)`` in the reference.
    method: what was applied: ``'none'``, ``'affine'`` or ``'homography'``.
    reason: why the reference was left as it came; '' if it was moved, or if
      ``'none'`` was asked for.
    shift_px: distance of the reference's centre from the test picture's.
    rotation_deg: turn of the reference, anticlockwise positive.
    scale: of the reference relative to the test picture.
    similarity_before: of the pictures as they came, in [-1, 1]; NaN if it
      was not measured.
    similarity_after: of the test picture and the best move found, over the
      same pixels; NaN if it was not measured.
    probability: that the alignment is right, in [0, 1]; NaN if it was not
      estimated.
    coverage: share of the test picture that is compared, in [0, 1].
    field: the local displacement, added before ``matrix``; None is none.
  """

  align: Callable[[], HostArray] = dataclasses.field(repr=False)
  find_valid: Callable[[], HostArray] = dataclasses.field(repr=False)
  matrix: HostArray
  method: str
  reason: str
  shift_px: float
  rotation_deg: float
  scale: float
  similarity_before: float
  similarity_after: float
  probability: float
  coverage: float
  field: LocalField | None

  @functools.cached_property
  def aligned_reference(self) -> HostArray:
    """``[H, W, 3]``; without content the nearest edge pixel is repeated."""
    return self.align()

  @functools.cached_property
  def valid(self) -> HostArray:
    """A mask ``[H, W]``, 1 where the two pictures can be compared."""
    return self.find_valid()

  @property
  def max_local_px(self) -> float:
    """The longest local displacement, pixels of the test picture."""
    return 0.0 if self.field is None else self.field.max_px


class EstimatedMove(NamedTuple):
  """How the reference is to be moved; for the fields see ``Registration``.

  Attributes:
    warp: to move by; that of no move where ``reason`` is not ''.
    method: of the warp: ``'none'``, ``'affine'`` or ``'homography'``.
    reason: why no move must be made; '' if one is made.
    similarity_before: of the pictures as they came.
    similarity_after: of the best move.
    probability: that the alignment is right; NaN if it was not estimated.
    foreign: uint8 ``[h, w]``, 1 where the pictures show different things, such
      as another background, on a small copy of the test picture; None is
      nowhere.
  """

  warp: Warp
  method: str
  reason: str
  similarity_before: float
  similarity_after: float
  probability: float = math.nan
  foreign: HostArray | None = None


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
  check_pair_shapes(reference, test, dtype=np.float32)
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


def estimate_move(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  method: str,
) -> EstimatedMove:
  """Returns how the reference must move, on copies of up to 2,560 px.

  True differences bias it little: what does not correlate does not pull.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    valid: see ``register``.
    method: see ``register``.

  Raises:
    ValueError: see ``register``.
  """
  _check(reference, test, method=method, valid=valid)
  shape = test.shape[:2]
  if method == 'none':
    return _stay('', shape)
  if min(test.shape[:2]) < _MIN_SIDE_PX:
    return _stay(f'a side is shorter than {_MIN_SIDE_PX} px', shape)
  if reference.dtype == test.dtype and np.array_equal(reference, test):
    return _stay('the pictures are identical', shape)
  finest_px = coarse_search.LEVELS[-1][0]
  old, new = (
    as_image(coarse_search.shrink(picture, finest_px))
    for picture in (reference, test)
  )
  if valid is not None:
    valid = coarse_search.shrink(valid, finest_px)
  levels = coarse_search.pyramid(old, new, valid)
  estimate = coarse_search.estimate(
    levels, num_parameters=_NUM_PARAMETERS[method]
  )
  if estimate is None:
    return _stay('no plausible move was found', shape)
  before, after = _similarities(levels[-1], estimate)
  matrix = transforms.rescale(
    estimate, from_shape=levels[-1].test.shape, to_shape=shape
  )
  reason = _objection(matrix, before, after, shape=shape)
  if reason:
    return _stay(reason, shape)._replace(
      similarity_before=before, similarity_after=after
    )
  return EstimatedMove(
    Warp(matrix, reference.shape[:2], shape), method, '', before, after
  )


def describe(
  move: EstimatedMove,
  *,
  align: Callable[[], HostArray],
  find_valid: Callable[[], HostArray],
  coverage: float,
) -> Registration:
  """Returns a move with what it makes; see ``Registration``."""
  height, width = move.warp.test_shape
  matrix = move.warp.matrix
  return Registration(
    align,
    find_valid,
    matrix,
    move.method,
    move.reason,
    *transforms.describe(matrix, height=height, width=width),
    move.similarity_before,
    move.similarity_after,
    move.probability,
    coverage,
    move.warp.field,
  )


def _stay(reason: str, shape: tuple[int, int]) -> EstimatedMove:
  """No move, and no similarity measured."""
  return EstimatedMove(warp.identity(shape), 'none', reason, math.nan, math.nan)


def _similarities(
  level: coarse_search.Level, matrix: HostArray
) -> tuple[float, float]:
  """Returns the similarity before and after a move, over the same pixels."""
  common = coarse_search.overlap(level, matrix) & coarse_search.overlap(
    level, np.eye(3)
  )
  before = coarse_search.similarity(level, np.eye(3), within=common)
  return before, coarse_search.similarity(level, matrix, within=common)


def _objection(
  matrix: HostArray, before: float, after: float, *, shape: tuple[int, int]
) -> str:
  """Returns why a move must not be made; '' if it may."""
  height, width = shape
  if not transforms.plausible(matrix, height=height, width=width):
    return 'no plausible move was found'
  if after < _MIN_SIMILARITY:
    return (
      f'the pictures are too unlike: similarity {after:.2f} after the best '
      f'move, {_MIN_SIMILARITY} is needed'
    )
  farthest_px = transforms.farthest_px(matrix, height=height, width=width)
  if farthest_px < _MIN_MOVE_PX:
    return f'the pictures lie within {_MIN_MOVE_PX} px of each other already'
  if 1.0 - after > (1.0 - _MIN_GAIN) * (1.0 - before):
    return (
      f'a move makes the pictures no more alike: similarity {before:.3f} '
      f'before, {after:.3f} after'
    )
  return ''


def _check(
  reference: HostArray,
  test: HostArray,
  *,
  method: str,
  valid: HostArray | None,
) -> None:
  if method not in METHODS:
    raise ValueError(f'registration is {method!r}; use one of {METHODS}')
  check_pair_shapes(reference, test)
  if valid is not None and (
    valid.shape != test.shape[:2] or valid.dtype != np.float32
  ):
    raise ValueError(
      f'valid is {valid.dtype} {valid.shape}; give float32 '
      f'{test.shape[:2]}, the size of the pictures'
    )
