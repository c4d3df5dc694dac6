"""The outcome of a registration.

registration = describe(move, align=lambda: aligned,
                        find_valid=lambda: valid, coverage=1.0)
registration.aligned_reference, registration.valid, registration.reason
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

from zeroshot.registration import transforms
from zeroshot.registration.warp import LocalField, Warp
from zeroshot.types import HostArray


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
    period_px: see ``EstimatedMove``.
    is_coarse: see ``EstimatedMove``.
    is_rough: see ``EstimatedMove``; before the local displacement.
    residual_px: see ``EstimatedMove``; before the local displacement.
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
  period_px: float = 0.0
  is_coarse: bool = False
  is_rough: bool = False
  residual_px: float = math.nan

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
    period_px: shift to another place where a repeating pattern fits as well,
      pixels of the test picture; 0 if there is none.
    residual_px: median distance of held-out corners from their place, pixels
      of the test picture; NaN where none is found.
    drift_px: how far corners lie off one way in some part of the picture,
      pixels of the test picture.
    is_coarse: whether corners agree on small copies alone, as in pictures of
      another sharpness.
    is_rough: whether few corners are in place, and those not closely, as in
      pictures of another light, focus or viewpoint.
    mirrored: whether one picture is the other's mirror image.
    refused: float64 ``[3, 3]``, the best move where it is not made.
  """

  warp: Warp
  method: str
  reason: str
  similarity_before: float
  similarity_after: float
  probability: float = math.nan
  foreign: HostArray | None = None
  period_px: float = 0.0
  residual_px: float = math.nan
  drift_px: float = 0.0
  is_coarse: bool = False
  is_rough: bool = False
  mirrored: bool = False
  refused: HostArray | None = None

  @property
  def best_matrix(self) -> HostArray:
    """The best move that was found, whether it is made or not."""
    return self.warp.matrix if self.refused is None else self.refused


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
    *transforms.describe(
      matrix,
      height=height,
      width=width,
      reference_shape=move.warp.reference_shape,
    ),
    move.similarity_before,
    move.similarity_after,
    move.probability,
    coverage,
    move.warp.field,
    move.period_px,
    move.is_coarse,
    move.is_rough,
    move.residual_px,
  )
