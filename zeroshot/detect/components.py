"""Groups of pixels that score above a threshold, as flat arrays.

  components = find_components(scores, mask, join_px=2.0, num_least=6)
  confidence = mean_over_highest(components, scores)

Notation:
  N  pixels of all components, one component after the other
  K  components
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

_TOP_SHARE = 0.25  # of a component's pixels: the highest are typical of it


class Components(NamedTuple):
  """The pixels of every component, the highest score of each first.

  Attributes:
    x: int ``[N]``, column of each pixel.
    y: int ``[N]``, row of each pixel.
    label: int ``[N]``, component of each pixel, from 0, never falling.
    starts: int ``[K]``, where each component begins.
    area: int ``[K]``, number of its pixels, at least 1.
    highest: bool ``[N]``, the highest quarter of each component's pixels, or
      so many as were asked for if these are more.
  """

  x: HostArray
  y: HostArray
  label: HostArray
  starts: HostArray
  area: HostArray
  highest: HostArray


def find_components(
  scores: HostArray, mask: HostArray, *, join_px: float, num_least: int
) -> Components:
  """Groups the pixels of a mask.

  Args:
    scores: ``[H, W]``.
    mask: bool ``[H, W]``, the pixels to group.
    join_px: components with up to so many pixels between them are one,
      rounded up to an even number; 0 joins neighbours alone, diagonal ones
      included.
    num_least: so many pixels of a component are among its highest, or all.

  Returns:
    The components; none where the mask is empty.
  """
  y, x = np.nonzero(mask)
  label = _labels(mask, join_px=join_px)[y, x]
  order = np.lexsort((-scores[y, x], label))  # by component, highest first
  x, y, label = x[order], y[order], label[order]
  area = np.bincount(label)
  starts = np.cumsum(area) - area
  share = np.ceil(_TOP_SHARE * area).astype(np.int64)
  num_highest = np.minimum(np.maximum(share, max(num_least, 1)), area)
  rank = np.arange(label.size) - starts[label]
  return Components(x, y, label, starts, area, rank < num_highest[label])


def one_component(mask: HostArray) -> Components:
  """All pixels of a mask as one component, near each other or not.

  Args:
    mask: bool ``[H, W]``, not empty.

  Returns:
    The component; all of its pixels are its highest.
  """
  y, x = np.nonzero(mask)
  label = np.zeros(x.size, np.int64)
  return Components(
    x, y, label, np.zeros(1, np.int64), np.array([x.size]), label == 0
  )


def mean_over_highest(components: Components, plane: HostArray) -> HostArray:
  """Each component's mean over its highest pixels.

  Args:
    components: whose pixels to take.
    plane: ``[H, W]``, of what to take the mean.

  Returns:
    Float64 ``[K]``.
  """
  value = plane[components.y, components.x] * components.highest
  total = np.bincount(components.label, weights=value)
  return total / np.bincount(components.label, weights=components.highest)


def _labels(mask: HostArray, *, join_px: float) -> HostArray:
  """Returns the component of each pixel of a mask, from 0; -1 elsewhere."""
  _, labels = cv2.connectedComponents(
    join(mask, join_px=join_px), connectivity=8
  )
  return labels - 1


def join(mask: HostArray, *, join_px: float) -> HostArray:
  """A mask, uint8 ``[H, W]``, of which components are the connected parts.

  Args:
    mask: bool ``[H, W]``.
    join_px: see ``find_components``.
  """
  pixels: HostArray = mask.astype(np.uint8)
  radius = math.ceil(join_px / 2)
  if radius:
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    pixels = cv2.dilate(pixels, disc)
  return pixels
