"""How far an aligned reference still lies from the test picture.

distance = alignment.residual_px(reference, test, valid)

Corners of the test picture are followed into the reference by the method of
Lucas and Kanade: unlike correlation over a block, a corner has a place both
ways, where a straight track has one across itself alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.types import HostArray

_WINDOWS = 6  # each way, spread over the picture
_WINDOW_PX = 256  # at most; memory stays flat for large pictures
_CORNERS = 6  # of a window, at most
_CORNER_PX = 21  # side of what is compared about a corner
_MIN_SPREAD = 0.02  # of a window's grey; a flatter one has no texture
_SPREAD = 48.0  # that it is given, of 255
_MIN_ALIKE = 0.7  # correlation about a corner; else it is another thing
_MAX_RETURN_PX = 0.5  # followed there and back a corner ends where it began
_MIN_CORNERS = 5


def residual_px(
  reference: HostArray, test: HostArray, valid: HostArray
) -> float | None:
  """How far the two lie apart, in the median over corners that both show.

  True differences have no say: what is not found again does not count.

  Args:
    reference: aligned, ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    valid: ``[H, W]``, 1 where the reference has content.

  Returns:
    Pixels; None where fewer than 5 corners are found again, as in pictures
    without texture.
  """
  distances: list[float] = []
  for rows in _spread(test.shape[0]):
    for columns in _spread(test.shape[1]):
      window = rows, columns
      good, tested = _grey(reference[window]), _grey(test[window])
      if good is not None and tested is not None:
        seen = (valid[window] > 0).astype(np.uint8)
        distances += _distances(good, tested, seen).tolist()
  if len(distances) < _MIN_CORNERS:
    return None
  return float(np.median(distances))


def _spread(length: int) -> list[slice]:
  """Windows along one side, evenly spread."""
  size = min(_WINDOW_PX, max(length // _WINDOWS, min(length, 2 * _CORNER_PX)))
  starts = np.linspace(0, length - size, min(_WINDOWS, length // size))
  return [slice(int(start), int(start) + size) for start in starts]


def _grey(pixels: HostArray) -> HostArray | None:
  """Uint8 ``[h, w]`` of a fixed mean and spread; None without texture."""
  image = pictures.as_image(np.ascontiguousarray(pixels))
  grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
  spread = grey.std()
  if spread < _MIN_SPREAD:
    return None
  scaled = (grey - grey.mean()) * (_SPREAD / spread) + 127.5
  return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _distances(
  reference: HostArray, test: HostArray, seen: HostArray
) -> HostArray:
  """How far each corner that is found again has moved, ``[N]``."""
  corners = _corners(test, seen)
  if corners is None:
    return np.zeros(0)
  there, is_there = _followed(test, reference, corners)
  back, is_back = _followed(reference, test, there)
  off_px = np.linalg.norm(back - corners, axis=-1).ravel()
  good = is_there & is_back & (off_px < _MAX_RETURN_PX)
  places = zip(corners[:, 0], there[:, 0], strict=True)
  good &= [_alike(test, reference, *place) for place in places]
  return np.linalg.norm(there - corners, axis=-1).ravel()[good]


def _corners(test: HostArray, seen: HostArray) -> HostArray | None:
  """The clearest corners, ``[N, 1, 2]``; None where there are none."""
  inner = cv2.erode(seen, np.ones((_CORNER_PX, _CORNER_PX), np.uint8))
  return cv2.goodFeaturesToTrack(test, _CORNERS, 0.1, 8, mask=inner)


def _followed(
  first: HostArray, second: HostArray, places: HostArray
) -> tuple[HostArray, HostArray]:
  """Where places of one picture, ``[N, 1, 2]``, lie in another; and if so.

  One level of a pyramid reaches about 20 px: what lies farther off is no
  residual but a failure, which the differences show.
  """
  side = (_CORNER_PX, _CORNER_PX)
  moved, status, _ = cv2.calcOpticalFlowPyrLK(
    first, second, places, np.empty_like(places), winSize=side, maxLevel=1
  )
  return np.asarray(moved), np.asarray(status).ravel() > 0


def _alike(
  test: HostArray, reference: HostArray, here: HostArray, there: HostArray
) -> bool:
  """Whether the same thing is seen about two places."""
  side = _CORNER_PX, _CORNER_PX
  first = cv2.getRectSubPix(test, side, here.tolist())
  second = cv2.getRectSubPix(reference, side, there.tolist())
  correlation = cv2.matchTemplate(first, second, cv2.TM_CCOEFF_NORMED)
  return bool(correlation[0, 0] > _MIN_ALIKE)
