"""How far patches of an aligned reference lie from those of the test picture.

  aligned, test = patch_shifts.flatten(aligned), patch_shifts.flatten(test)
  corners = patch_shifts.find_corners(test, content)
  shifts = patch_shifts.measure(aligned, test, corners)

Patches around the clearest corner of every cell are tracked there and back by
the method of Lucas and Kanade (1981). A patch with edges of one direction only
says nothing about the shift along them, which its certainty tells.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

CELL_PX = 24  # side of a cell, which gives one patch
_PATCH_PX = 21  # side of a patch
_LEVELS = 2  # of the pyramid, beside the picture itself: reaches about 20 px
_LIGHT_PX = 32  # over which brightness and contrast are made even
_FLAT = 4.0  # standard deviation, of 255, that is no texture
_CONTRAST = 42.0  # standard deviation after it, of 255
_NO_SLOPE = 12.0  # mean squared slope, grey levels a pixel, half certain
_MAX_RETURN_PX = 0.5  # between a patch and itself tracked there and back
_MIN_CORRELATION = 0.75  # of a patch in both pictures
_STEP = 4  # pixels between the places that are looked at
_SAMPLES = 15  # a side, with which patches are compared


class Corners(NamedTuple):
  """Where patches are, each field ``[N, ...]``.

  Attributes:
    places: float32 ``[N, 2]``, x and y.
    certainty: float32 ``[N, 2, 2]``, between 0, along a direction without
      slopes, and 1.
  """

  places: HostArray
  certainty: HostArray

  def chosen(self, which: HostArray) -> Corners:
    """Some of them, by a mask or by indices."""
    return Corners(self.places[which], self.certainty[which])


class Shifts(NamedTuple):
  """Measured shifts of patches that both pictures show.

  Attributes:
    places: float32 ``[N, 2]``, x and y in the test picture.
    certainty: float32 ``[N, 2, 2]``, see ``Corners``.
    shift: float32 ``[N, 2]``, from there to the same in the reference.
  """

  places: HostArray
  certainty: HostArray
  shift: HostArray


def flatten(grey: HostArray) -> HostArray:
  """A grey picture of even brightness and a fixed contrast, uint8 ``[h, w]``.

  Args:
    grey: ``[h, w]``: uint8, uint16, or float32, of any range.
  """
  if grey.dtype != np.uint8:
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    grey = cv2.convertScaleAbs(grey, alpha=255 / max(mean + 4 * spread, 1e-6))
  height, width = grey.shape
  coarse = (max(width // 8, 1), max(height // 8, 1))
  side = (_LIGHT_PX // 8 + 1,) * 2
  light = cv2.blur(cv2.resize(grey, coarse, interpolation=cv2.INTER_AREA), side)
  light = cv2.resize(light, (width, height))
  spread = float(cv2.norm(grey, light)) / grey.size**0.5
  gain = _CONTRAST / max(spread, _FLAT)
  return cv2.addWeighted(grey, gain, light, -gain, 127.5)


def find_corners(test: HostArray, content: HostArray | None) -> Corners:
  """The clearest corner of every cell that has one.

  Args:
    test: of ``flatten``.
    content: uint8 ``[h, w]``, 1 where both pictures have content; None is
      everywhere.
  """
  height, width = (side // _STEP for side in test.shape)
  xx, xy, yy = _slopes(test, (width, height))
  # The smaller eigenvalue; where there is none, the larger one decides.
  spread = cv2.magnitude((xx - yy) * 0.5, xy)
  strength = (xx + yy) * 0.5 - 0.96 * spread
  margin = _PATCH_PX // 2 // _STEP + 1
  allowed = np.zeros((height, width), np.uint8)
  allowed[margin:-margin, margin:-margin] = 1
  if content is not None:
    inner = cv2.resize(
      content, (width, height), interpolation=cv2.INTER_NEAREST
    )
    allowed &= cv2.erode(inner, np.ones((7, 7), np.uint8))
  rows, columns = _strongest(strength * allowed)
  tensor = np.stack([xx, xy, xy, yy], -1)[rows, columns].reshape(-1, 2, 2)
  places = np.stack([columns, rows], -1) * _STEP + (_STEP - 1) / 2
  noise = np.float32(_NO_SLOPE) * np.eye(2, dtype=np.float32)
  certainty = tensor @ np.linalg.inv(tensor + noise)
  return Corners(places.astype(np.float32), certainty)


def _slopes(test: HostArray, size: tuple[int, int]) -> list[HostArray]:
  """Mean products of the slopes xx, xy, yy around every fourth pixel."""
  width, height = size
  half = cv2.resize(test, (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
  along_x = cv2.Sobel(half, cv2.CV_32F, 1, 0, scale=1 / 16)
  along_y = cv2.Sobel(half, cv2.CV_32F, 0, 1, scale=1 / 16)
  products = along_x * along_x, along_x * along_y, along_y * along_y
  side = (_PATCH_PX // _STEP,) * 2
  return [
    cv2.blur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), side)
    for plane in products
  ]


def _strongest(strength: HostArray) -> tuple[HostArray, HostArray]:
  """Row and column of the largest value of every cell; none of zeros."""
  side = CELL_PX // _STEP
  rows, columns = strength.shape[0] // side, strength.shape[1] // side
  cells = strength[: rows * side, : columns * side]
  cells = cells.reshape(rows, side, columns, side).transpose(0, 2, 1, 3)
  cells = cells.reshape(rows, columns, -1)
  best = cells.argmax(-1)
  row, column = np.nonzero(cells.max(-1) > _NO_SLOPE)
  y, x = np.divmod(best[row, column], side)
  return row * side + y, column * side + x


def follow(
  first: HostArray, second: HostArray, places: HostArray
) -> tuple[HostArray, HostArray]:
  """Where patches of one picture lie in another.

  Args:
    first: of ``flatten``.
    second: likewise.
    places: float32 ``[N, 2]`` in ``first``.

  Returns:
    Places in ``second``, and which were found, bool ``[N]``.
  """
  moved, status, _ = cv2.calcOpticalFlowPyrLK(
    first,
    second,
    places[:, None],
    np.empty_like(places[:, None]),
    winSize=(_PATCH_PX, _PATCH_PX),
    maxLevel=_LEVELS,
    criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 0.02),
    minEigThreshold=1e-5,
  )
  return np.asarray(moved)[:, 0], np.asarray(status)[:, 0] > 0


def measure(aligned: HostArray, test: HostArray, corners: Corners) -> Shifts:
  """The shifts of those patches that both pictures show.

  Args:
    aligned: the reference, of ``flatten``.
    test: of ``flatten``.
    corners: of ``find_corners``.
  """
  moved, found = follow(test, aligned, corners.places)
  back, returned = follow(aligned, test, moved)
  wrong = length(back - corners.places, corners.certainty)
  kept = found & returned & (wrong < _MAX_RETURN_PX)
  kept &= correlations(aligned, test, moved, corners.places) > _MIN_CORRELATION
  return Shifts(
    corners.places[kept],
    corners.certainty[kept],
    (moved - corners.places)[kept],
  )


def length(shift: HostArray, certainty: HostArray) -> HostArray:
  """Lengths ``[N]`` of shifts ``[N, 2]``, as far as they are certain."""
  squared = np.einsum('ni,nij,nj->n', shift, certainty, shift)
  return np.sqrt(np.maximum(squared, 0.0))


def correlations(
  aligned: HostArray, test: HostArray, moved: HostArray, places: HostArray
) -> HostArray:
  """Correlations ``[N]`` of patches at ``moved`` with those at ``places``."""
  one, other = _patches(aligned, moved), _patches(test, places)
  power = (one * one).sum(-1) * (other * other).sum(-1)
  return (one * other).sum(-1) / np.sqrt(power + 1e-3)


def _patches(picture: HostArray, places: HostArray) -> HostArray:
  """Patches about zero mean, float32 ``[N, S * S]``."""
  offsets = np.linspace(-0.5, 0.5, _SAMPLES, dtype=np.float32) * _PATCH_PX
  down, across = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
  patches = cv2.remap(
    picture,
    places[:, :1] + across,
    places[:, 1:] + down,
    cv2.INTER_LINEAR,
    borderMode=cv2.BORDER_REPLICATE,
  ).astype(np.float32)
  patches -= patches.mean(-1, keepdims=True)
  return patches
