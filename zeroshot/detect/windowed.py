"""A registered pair of any size, seen through windows.

  views = windowed.views(reference, test, matrix)
  cut = views.cut(tile)   # of the test picture's grid
  cut.comparable, cut.lit, cut.test, cut.seen

Nothing of a picture's size is made but for what the caller has: pixels stay in
the type that they came in, and become floating in a window.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.detect import detector
from zeroshot.detect.tiling import Tile
from zeroshot.pcb import conductors
from zeroshot.registration import lighting, transforms
from zeroshot.types import HostArray

_AROUND_PX = 2  # of what a window is resampled from


class Cut(NamedTuple):
  """A window of a registered pair; see ``detector.Prepared``.

  Attributes:
    aligned: image ``[h, w, 3]``, the reference, moved; where it has no content
      its nearest edge pixel is repeated.
    comparable: the same; the test picture stands in where it has no content.
    lit: that, in the test picture's light.
    test: image ``[h, w, 3]``.
    valid: bool ``[h, w]``, where the reference has content.
    seen: float32 ``[h, w]``, 1 where it has, but for a rim along that.
  """

  aligned: HostArray
  comparable: HostArray
  lit: HostArray
  test: HostArray
  valid: HostArray
  seen: HostArray


class Views(NamedTuple):
  """A registered pair.

  Attributes:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    matrix: float64 ``[3, 3]``, see ``registration.Registration``.
    dimmed: gives the test picture the reference's light.
    brightened: gives the comparable reference the test picture's light.
  """

  reference: HostArray
  test: HostArray
  matrix: HostArray
  dimmed: lighting.Lighting
  brightened: lighting.Lighting

  def cut(self, tile: Tile) -> Cut:
    """What lies in a window of the test picture."""
    test = as_image(self.test[tile.window])
    aligned = _moved(self.reference, self.matrix, tile)
    valid, seen = _content(self.matrix, tile, self.test.shape[:2])
    comparable = aligned
    if not valid.all():
      comparable = np.where(valid[..., None], aligned, self.dimmed.on(test))
    lit = self.brightened.on(comparable)
    return Cut(aligned, comparable, lit, test, valid, seen)

  def conductor_threshold(self) -> float | None:
    """See ``conductors.conductor_threshold``, of the whole pictures."""
    step = conductors.sample_step(*self.test.shape[:2])
    aligned, test, valid = _sampled(
      self.reference, self.test, self.matrix, step
    )
    stand_in = self.dimmed.on(test)
    comparable = np.where(valid[..., None], aligned, stand_in)
    return conductors.conductor_threshold(self.brightened.on(comparable), test)


def views(reference: HostArray, test: HostArray, matrix: HostArray) -> Views:
  """A registered pair, with the lights of both pictures measured.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    matrix: float64 ``[3, 3]``, see ``registration.Registration``.
  """
  step = lighting.sample_step(*test.shape[:2])
  aligned, tested, valid = _sampled(reference, test, matrix, step)
  dimmed = lighting.lighting_of(aligned, tested, valid)
  comparable = np.where(valid[..., None], aligned, dimmed.on(tested))
  brightened = lighting.lighting_of(tested, comparable)
  return Views(reference, test, matrix, dimmed, brightened)


def _moved(reference: HostArray, matrix: HostArray, tile: Tile) -> HostArray:
  """A window of the reference as ``geometry.warp`` would move the whole."""
  if np.array_equal(matrix, np.eye(3)):
    return as_image(reference[tile.window])
  height, width = reference.shape[:2]
  right, bottom = tile.left + tile.width - 1, tile.top + tile.height - 1
  corners = np.array(
    [
      [tile.left, right, tile.left, right],
      [tile.top, tile.top, bottom, bottom],
      [1, 1, 1, 1],
    ]
  )
  x, y, depth = matrix @ corners
  left, last_x = _span(x / depth, width)
  top, last_y = _span(y / depth, height)
  source = as_image(reference[top : last_y + 1, left : last_x + 1])
  inner = (
    transforms.translation(-left, -top)
    @ matrix
    @ transforms.translation(tile.left, tile.top)
  )
  return transforms.warp(
    source, inner / inner[2, 2], shape=(tile.height, tile.width)
  )


def _span(position: HostArray, length: int) -> tuple[int, int]:
  """The first and last pixel of a side that some positions are read from."""
  first = int(np.floor(position.min())) - _AROUND_PX
  last = int(np.ceil(position.max())) + _AROUND_PX
  return min(max(first, 0), length - 1), min(max(last, 0), length - 1)


def _content(
  matrix: HostArray, tile: Tile, shape: tuple[int, int]
) -> tuple[HostArray, HostArray]:
  """Where the reference has content in a window, and that without its rim."""
  height, width = shape
  top, left = (
    max(tile.top - detector.RIM_PX, 0),
    max(tile.left - detector.RIM_PX, 0),
  )
  bottom = min(tile.top + tile.height + detector.RIM_PX, height)
  right = min(tile.left + tile.width + detector.RIM_PX, width)
  valid = transforms.leads_inside(
    matrix,
    np.arange(left, right, dtype=np.float32)[None, :],
    np.arange(top, bottom, dtype=np.float32)[:, None],
    height=height,
    width=width,
  )
  seen = detector.within(valid.astype(np.float32))
  inner = (
    slice(tile.top - top, tile.top - top + tile.height),
    slice(tile.left - left, tile.left - left + tile.width),
  )
  return valid[inner], seen[inner]


def _sampled(
  reference: HostArray, test: HostArray, matrix: HostArray, step: int
) -> tuple[HostArray, HostArray, HostArray]:
  """Every so many-th row and column of a registered pair.

  Returns:
    The aligned reference and the test picture, images ``[h, w, 3]``, and where
    the reference has content, bool ``[h, w]``.
  """
  height, width = test.shape[:2]
  y, x = np.mgrid[0:height:step, 0:width:step]
  across, down, depth = np.tensordot(matrix, np.stack([x, y, x * 0 + 1]), 1)
  across = np.clip(across / depth, 0, width - 1)
  down = np.clip(down / depth, 0, height - 1)
  left = np.minimum(across.astype(int), max(width - 2, 0))
  top = np.minimum(down.astype(int), max(height - 2, 0))
  to_right, to_bottom = (across - left)[..., None], (down - top)[..., None]
  beside, below = min(1, width - 1), min(1, height - 1)
  upper = (1 - to_right) * as_image(reference[top, left])
  upper = upper + to_right * as_image(reference[top, left + beside])
  lower = (1 - to_right) * as_image(reference[top + below, left])
  lower = lower + to_right * as_image(reference[top + below, left + beside])
  aligned = ((1 - to_bottom) * upper + to_bottom * lower).astype(np.float32)
  valid = transforms.leads_inside(
    matrix,
    x.astype(np.float32),
    y.astype(np.float32),
    height=height,
    width=width,
  )
  return aligned, as_image(test[::step, ::step]), valid
