"""Residual misalignment of a pair that a local field aligns.

distance_px = alignment.residual_px(pair)

Corners of the test picture are tracked into the reference by the method of
Lucas and Kanade (1981). Block correlation would not do: along a straight track
it determines the position in one direction only.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.detect.registered_pair import RegisteredPair
from zeroshot.types import HostArray, Tile

_WINDOWS = 4  # along each side of the picture
_WINDOW_PX = 256  # longest side of a window, which bounds the memory
_MAX_CORNERS = 6  # of a window
_PATCH_PX = 21  # side of the patch that is compared around a corner
_MIN_CONTRAST = 0.02  # standard deviation of a window with texture, of white
_CONTRAST = 48.0  # standard deviation after normalization, of 255
_MIN_CORRELATION = 0.7  # of the two patches of one corner
_MAX_RETURN_PX = 0.5  # between a corner and itself tracked there and back
_MIN_CORNERS = 5  # in all windows, for a median


def residual_px(pair: RegisteredPair) -> float:
  """The median displacement of the corners that both pictures show.

  True differences do not count: their corners are not tracked.

  Args:
    pair: aligned.

  Returns:
    Pixels; NaN if fewer than 5 corners are tracked, as in pictures without
    texture.
  """
  height, width = pair.test.shape[:2]
  distances: list[float] = []
  for top, tile_height in _windows(height):
    for left, tile_width in _windows(width):
      window = pair.crop(Tile(top, left, tile_height, tile_width))
      reference, test = _normalize(window.aligned), _normalize(window.test)
      if reference is not None and test is not None:
        distances += _displacements(reference, test, window.valid).tolist()
  if len(distances) < _MIN_CORNERS:
    return math.nan
  return float(np.median(distances))


def _windows(length: int) -> list[tuple[int, int]]:
  """Evenly spread windows along one side: where they start, and their size."""
  size = min(_WINDOW_PX, max(length // _WINDOWS, min(length, 2 * _PATCH_PX)))
  starts = np.linspace(0, length - size, min(_WINDOWS, length // size))
  return [(int(start), size) for start in starts]


def _normalize(pixels: HostArray) -> HostArray | None:
  """Grey uint8 ``[h, w]`` of fixed mean and contrast; None without texture.

  Args:
    pixels: uint8 ``[h, w, 3]``.
  """
  grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
  mean, contrast = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
  if contrast < 255 * _MIN_CONTRAST:
    return None
  gain = _CONTRAST / contrast
  levels = (np.arange(256) - mean) * gain + 127.5
  return cv2.LUT(grey, np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _displacements(
  reference: HostArray, test: HostArray, valid: HostArray | None
) -> HostArray:
  """How far each tracked corner has moved, ``[N]``."""
  corners = _find_corners(test, valid)
  if corners is None:
    return np.zeros(0)
  moved, is_moved = _track(test, reference, corners)
  returned, is_returned = _track(reference, test, moved)
  return_px = np.linalg.norm(returned - corners, axis=-1).ravel()
  tracked = is_moved & is_returned & (return_px < _MAX_RETURN_PX)
  places = zip(corners[:, 0], moved[:, 0], strict=True)
  tracked &= [_correlates(test, reference, *place) for place in places]
  return np.linalg.norm(moved - corners, axis=-1).ravel()[tracked]


def _find_corners(test: HostArray, valid: HostArray | None) -> HostArray | None:
  """The clearest corners, ``[N, 1, 2]``; None if there are none."""
  inner = None
  if valid is not None:
    patch = np.ones((_PATCH_PX, _PATCH_PX), np.uint8)
    inner = cv2.erode(valid.view(np.uint8), patch)
  return cv2.goodFeaturesToTrack(test, _MAX_CORNERS, 0.1, 8, mask=inner)


def _track(
  first: HostArray, second: HostArray, places: HostArray
) -> tuple[HostArray, HostArray]:
  """Positions in ``second`` of places in ``first``, and which were tracked.

  Both ``[N, 1, 2]`` and ``[N]``. One pyramid level reaches about 20 px. A
  larger displacement is a failed registration, which the differences show.
  """
  side = (_PATCH_PX, _PATCH_PX)
  moved, status, _ = cv2.calcOpticalFlowPyrLK(
    first, second, places, np.empty_like(places), winSize=side, maxLevel=1
  )
  return np.asarray(moved), np.asarray(status).ravel() > 0


def _correlates(
  test: HostArray, reference: HostArray, place: HostArray, moved: HostArray
) -> bool:
  """Whether the patches around two places show the same thing."""
  side = _PATCH_PX, _PATCH_PX
  first = cv2.getRectSubPix(test, side, place.tolist())
  second = cv2.getRectSubPix(reference, side, moved.tolist())
  correlation = cv2.matchTemplate(first, second, cv2.TM_CCOEFF_NORMED)
  return bool(correlation[0, 0] > _MIN_CORRELATION)
