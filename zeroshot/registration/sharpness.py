"""The sharper of two registered pictures, blurred as the other is.

  sharpness = fit_sharpness(read_window, height, width)   # None: as sharp

``on`` of what is fitted gives a window of both pictures, equally sharp.
A camera that focuses anew blurs whole areas of one picture; a fibre, a scratch
or a missing print does not. So blur is measured on windows over the picture,
believed only where many of them tell it, and smoothed between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray, Tile

ReadWindow = Callable[[Tile], tuple[HostArray, HostArray, float]]

_WINDOW_PX = 64
_RIM_PX = 12  # of a window, which its blurred neighbours reach
_MAX_WINDOWS = 6  # on a side
_BAND_PX = (0.8, 1.8)  # Gaussians whose difference is the band looked at
_LEVELS_PX = (0.0, 0.6, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
_DEFOCUS_PX = 1.0  # less the network tolerates
_MIN_SHARE = 0.4  # of the windows with structure, for a blur to be believed
_MIN_STRUCTURE = 4.0  # of the sharper one: squared grey levels, of the band
_MIN_TOLD = 0.1  # of the other one, for its blur to be told; likewise
_MIN_COMPARABLE = 0.8  # of a window
_NOISE_PERCENTILE = 3  # of the windows; they show the least structure


class Sharpness(NamedTuple):
  """By how much each picture is to be blurred.

  Attributes:
    sigma_px: float32 ``[rows, columns]`` over the test picture: standard
      deviation of the Gaussian for the test picture where it is positive, and
      for the reference where it is negative, pixels.
    height: of the test picture.
    width: of the test picture.
  """

  sigma_px: HostArray
  height: int
  width: int

  def on(
    self, reference: HostArray, test: HostArray, tile: Tile
  ) -> tuple[HostArray, HostArray]:
    """A window of both pictures, uint8 ``[h, w, 3]``, equally sharp."""
    sigma_px = self._window(tile)
    return _blur(reference, -sigma_px), _blur(test, sigma_px)

  def _window(self, tile: Tile) -> HostArray:
    """``sigma_px`` at each pixel of a window, interpolated."""
    rows, columns = self.sigma_px.shape
    y = (tile.top + 0.5 + np.arange(tile.height)) * rows / self.height - 0.5
    x = (tile.left + 0.5 + np.arange(tile.width)) * columns / self.width - 0.5
    down = np.stack([_hat(y, row, rows) for row in range(rows)], axis=1)
    across = np.stack([_hat(x, c, columns) for c in range(columns)])
    window: HostArray = (down @ self.sigma_px @ across).astype(np.float32)
    return window


def fit_sharpness(
  read_window: ReadWindow, height: int, width: int
) -> Sharpness | None:
  """Measures by how much one of two registered pictures is blurred.

  Args:
    read_window: gives of a window of the test picture the aligned reference
      under the test picture's lighting and the test picture, uint8
      ``[h, w, 3]``, and the share that can be compared.
    height: of the test picture, pixels.
    width: likewise.

  Returns:
    Sharpness; None where both are about as sharp, or too small to tell, or
    where one of them shows nothing at all.
  """
  rows, columns = (
    min(_MAX_WINDOWS, side // _WINDOW_PX) for side in (height, width)
  )
  if rows * columns < 4:
    return None
  strips, known = _read_strips(read_window, height, width, rows, columns)
  plain, blurred = (_energies(strips, sigma) for sigma in (0.0, _DEFOCUS_PX))
  structured = known & (plain.max(axis=0) > _MIN_STRUCTURE)
  sharper = plain.argmax(axis=0)
  of_sharper, of_other = (
    np.take_along_axis(energies, one[None], axis=0)[0]
    for energies, one in ((blurred, sharper), (plain, 1 - sharper))
  )
  differs = structured & (of_sharper > of_other)
  told = structured & (plain.min(axis=0) > _MIN_TOLD)
  few = differs.sum() < max(_MIN_SHARE * structured.sum(), 2)
  if few or not told.any():
    return None
  known_levels = {0.0: plain, _DEFOCUS_PX: blurred}
  levels = np.stack(
    [
      known_levels[sigma] if sigma in known_levels else _energies(strips, sigma)
      for sigma in _LEVELS_PX
    ]
  )
  sigma_px = np.full(rows * columns, np.nan)
  for window in np.flatnonzero(told):
    side = sharper[window]
    blur_px = _blur_between(
      levels[:, side, window], levels[0, 1 - side, window]
    )
    sigma_px[window] = blur_px if side else -blur_px
  return Sharpness(_smooth(sigma_px.reshape(rows, columns)), height, width)


def _read_strips(
  read_window: ReadWindow, height: int, width: int, rows: int, columns: int
) -> tuple[HostArray, HostArray]:
  """Grey windows below each other, ``[2, N * 64, 64]``; which are known."""
  strips = np.zeros((2, rows * columns, _WINDOW_PX, _WINDOW_PX), np.float32)
  known = np.zeros(rows * columns, bool)
  for n in range(rows * columns):
    row, column = divmod(n, columns)
    tile = Tile(
      int((row + 0.5) * height / rows) - _WINDOW_PX // 2,
      int((column + 0.5) * width / columns) - _WINDOW_PX // 2,
      _WINDOW_PX,
      _WINDOW_PX,
    )
    reference, test, comparable = read_window(tile)
    strips[0, n] = cv2.cvtColor(reference, cv2.COLOR_RGB2GRAY)
    strips[1, n] = cv2.cvtColor(test, cv2.COLOR_RGB2GRAY)
    known[n] = comparable >= _MIN_COMPARABLE
  return strips.reshape(2, -1, _WINDOW_PX), known


def _energies(strips: HostArray, sigma_px: float) -> HostArray:
  """Power in the band above the noise, once blurred, float64 ``[2, N]``."""
  fine, coarse = (np.hypot(sigma_px, band) for band in _BAND_PX)
  band = np.stack(
    [
      cv2.GaussianBlur(strip, (0, 0), fine)
      - cv2.GaussianBlur(strip, (0, 0), coarse)
      for strip in strips
    ]
  ).reshape(2, -1, _WINDOW_PX, _WINDOW_PX)
  inner = band[..., _RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX]
  power: HostArray = np.square(inner).mean(axis=(2, 3), dtype=np.float64)
  return power - np.percentile(power, _NOISE_PERCENTILE, axis=1, keepdims=True)


def _blur_between(energies: HostArray, target: float) -> float:
  """The blur at which energies ``[L]`` of ``_LEVELS_PX`` fall to a target."""
  logs = np.minimum.accumulate(np.log(np.maximum(energies, 1e-3)))
  variance = np.interp(-np.log(target), -logs, np.square(_LEVELS_PX))
  return float(np.sqrt(variance))


def _smooth(sigma_px: HostArray) -> HostArray:
  """Blur at each window, ``[rows, columns]``; NaN takes its neighbours'."""
  rows, columns = sigma_px.shape
  median = np.full_like(sigma_px, np.nan)
  for row in range(rows):
    for column in range(columns):
      around = sigma_px[
        max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2
      ]
      if np.isfinite(around).any():
        median[row, column] = np.nanmedian(around)
  known = np.isfinite(median).astype(np.float32)
  filled = np.where(known > 0, median, 0).astype(np.float32)
  total, weight = (
    cv2.GaussianBlur(plane, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    for plane in (filled, known)
  )
  middle = np.nanmedian(sigma_px)
  smooth = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), middle)
  return smooth.astype(np.float32)


def _blur(picture: HostArray, sigma_px: HostArray) -> HostArray:
  """A picture uint8 blurred by another Gaussian at each pixel; 0 and less: not.

  Between two levels their blurred pictures are mixed.
  """
  most = float(sigma_px.max())
  if most < _LEVELS_PX[1]:
    return picture
  place = np.interp(sigma_px, _LEVELS_PX, np.arange(len(_LEVELS_PX)))
  place = place.astype(np.float32)
  mixed = np.zeros(picture.shape, np.float32)
  for n in range(int(np.ceil(place.max())) + 1):
    level = picture
    if n:
      level = cv2.GaussianBlur(picture, (0, 0), _LEVELS_PX[n])
    share = np.maximum(1 - np.abs(place - n), 0)
    mixed += share[..., None] * level
  return np.rint(mixed).astype(np.uint8)


def _hat(positions: HostArray, node: int, num_nodes: int) -> HostArray:
  """The share of a node in a linear interpolation at positions, float64."""
  inside = np.clip(positions, 0, num_nodes - 1)
  return np.maximum(1 - np.abs(inside - node), 0)
