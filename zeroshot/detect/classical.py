"""The classical baseline: differencing that tolerates small misregistration.

  scores = classical_scores(reference, test, tolerance_px=2.0, smooth_px=0.5,
                            window_px=9, min_change=0.1, match_lighting=True)

It has learnt nothing. A pixel counts as changed by as much as it lies outside
the range of values that the other picture takes within the tolerance, so that
an edge may lie anywhere in there. It takes the place of the network's score:
the two pictures are registered before, and boxes are made after.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.registration.lighting import with_lighting_of
from zeroshot.types import HostArray


def classical_scores(
  reference: HostArray,
  test: HostArray,
  *,
  tolerance_px: float,
  smooth_px: float,
  window_px: int,
  min_change: float,
  match_lighting: bool,
) -> HostArray:
  """Returns how far a pair differs beyond a tolerance, pixel by pixel.

  The score is the geometric mean of the change at a pixel and of its mean over
  a window: the first gives a component its outline, the second ranks large
  and strong changes above specks and ragged edges.

  Args:
    reference: image ``[H, W, 3]`` of the good part, registered.
    test: image ``[H, W, 3]`` of the part under test.
    tolerance_px: an edge may lie so far from its place; 0 or more.
    smooth_px: standard deviation of the Gaussian that smooths the change;
      0 leaves it as it is.
    window_px: odd side of the square window.
    min_change: of a channel, in [0, 1); as much and less is no change.
    match_lighting: give the reference the test picture's brightness and
      contrast first, channel by channel.

  Returns:
    Scores float32 ``[H, W]`` in [0, 1]; exactly 0 for two equal pictures.

  Raises:
    ValueError: if the pictures are not two float32 images of one size or a
      setting is out of its range.
  """
  check_pair_shapes(reference, test, dtype=np.float32)
  _check_settings(
    tolerance_px=tolerance_px,
    smooth_px=smooth_px,
    window_px=window_px,
    min_change=min_change,
  )
  if match_lighting:
    # Clipped as the test picture is, where it is over- or underexposed.
    reference = np.clip(with_lighting_of(test, reference), 0.0, 1.0)
  changed = beyond_tolerance(reference, test, tolerance_px=tolerance_px)
  changed = np.maximum(changed - min_change, 0.0) / (1.0 - min_change)
  return _rank_by_area(changed, smooth_px=smooth_px, window_px=window_px)


def beyond_tolerance(
  reference: HostArray, test: HostArray, *, tolerance_px: float
) -> HostArray:
  """Returns the change that no move within the tolerance explains.

  Either picture is held against the range of the other one. One direction is
  not enough: a gap in a line that is no wider than the tolerance is within the
  range of the whole line's surroundings, but the line is not within the gap's.

  Returns:
    Float32 ``[H, W]``, 0 or more: the largest of the channels and directions.
  """
  disc = _disc(tolerance_px)
  largest = np.zeros(test.shape[:2], np.float32)
  for one, other in ((reference, test), (test, reference)):
    extra = one - cv2.dilate(other, disc)
    missing = cv2.erode(other, disc) - one
    largest = np.maximum(largest, np.maximum(extra, missing).max(axis=2))
  return largest


def _disc(radius: float) -> HostArray:
  """Returns the pixels within a radius of the centre one, uint8."""
  reach = math.floor(radius)
  y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
  return (x * x + y * y <= radius * radius).astype(np.uint8)


def _rank_by_area(
  changed: HostArray, *, smooth_px: float, window_px: int
) -> HostArray:
  """Returns the geometric mean of the smoothed change and its local mean."""
  border = cv2.BORDER_CONSTANT  # what is outside has not changed
  local = cv2.boxFilter(changed, -1, (window_px, window_px), borderType=border)
  if smooth_px > 0:
    changed = cv2.GaussianBlur(changed, (0, 0), smooth_px, borderType=border)
  # Running sums may leave a trace just below 0 beside a change.
  scores = np.sqrt(np.maximum(changed * local, 0.0))
  return np.minimum(scores, 1.0).astype(np.float32)


def _check_settings(
  *, tolerance_px: float, smooth_px: float, window_px: int, min_change: float
) -> None:
  for name, length in (
    ('tolerance_px', tolerance_px),
    ('smooth_px', smooth_px),
  ):
    if not 0.0 <= length < math.inf:
      raise ValueError(f'{name} is {length}; use a finite one, 0 or more')
  if window_px < 1 or window_px % 2 != 1:
    raise ValueError(f'window_px is {window_px}; use an odd one, 1 or more')
  if not 0.0 <= min_change < 1.0:
    raise ValueError(f'min_change is {min_change}; use one in [0, 1)')
