"""Separates a picture of a board into conductor and board.

  threshold = conductor_threshold(picture)
  before, after = conductors(reference, test)  # or None: they do not separate

A picture with many colours or all levels of brightness has no such threshold.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.types import HostArray

# Of the two populations of brightness. DeepPCB's pictures, cut into black and
# white by their makers, explain 0.98 with 0.02 between; blurred, noisy and in
# another light 0.95 with 0.03. Of 273 photographs in grey none explains 0.93.
_MIN_CONTRAST = 0.25  # between their means
_MIN_EXPLAINED = 0.93  # share of the variance that is between them
_MAX_BETWEEN = 0.07  # share of the pixels in the middle half between them
_MAX_COLOUR = 0.08  # range of the channels, mean over the picture

_COLOUR_CELL = 4  # side over which channels are compared: noise is no colour
_ENOUGH_PIXELS = 2**16  # about so many separate the populations


def conductors(
  reference: HostArray, test: HostArray, *, dark_is_conductor: bool = True
) -> tuple[HostArray, HostArray] | None:
  """Where the conductor is in each of two pictures.

  Args:
    reference: image or uint8 ``[H, W, 3]``.
    test: likewise.
    dark_is_conductor: whether the darker population is copper.

  Returns:
    Two masks uint8 ``[H, W]``, 1 on the conductor; None where they do
    not separate.
  """
  threshold = conductor_threshold(reference, test)
  return separate_at(
    threshold, reference, test, dark_is_conductor=dark_is_conductor
  )


def separate_at(
  threshold: float | None,
  reference: HostArray,
  test: HostArray,
  *,
  dark_is_conductor: bool = True,
) -> tuple[HostArray, HostArray] | None:
  """``conductors`` with a known threshold; with None they do not separate."""
  if threshold is None:
    return None
  before, after = (
    (_is_dark(picture, threshold) == dark_is_conductor).astype(np.uint8)
    for picture in (reference, test)
  )
  return before, after


def conductor_threshold(*pictures: HostArray) -> float | None:
  """The brightness between conductor and board.

  Pictures separate where there is little colour, the brightness has two
  populations far apart, and hardly any pixel is between them. Of two
  pictures in one light, one may show bare board alone.

  Args:
    *pictures: images or uint8 ``[H, W, 3]`` in one light.

  Returns:
    The grey value in [0, 1] halfway between the populations' means; None where
    the pictures do not separate.

  Source: Otsu, A threshold selection method from gray-level histograms, 1979,
    which also gives the share of the variance.
  """
  samples = [_sample(picture) for picture in pictures]
  grey = np.concatenate([_grey(sample).ravel() for sample in samples])
  grey = np.clip(grey, 0, 1)
  levels = np.rint(grey * 255).astype(np.uint8)
  cut, _ = cv2.threshold(levels, 0, 1, cv2.THRESH_OTSU)
  dark = levels <= cut
  if dark.all() or not dark.any():
    return None
  low, high = float(grey[dark].mean()), float(grey[~dark].mean())
  contrast, middle = high - low, (low + high) / 2
  share = float(dark.mean())
  explained = share * (1 - share) * contrast**2 / float(grey.var())
  between = float((np.abs(grey - middle) < contrast / 4).mean())
  separates = (
    contrast >= _MIN_CONTRAST
    and explained >= _MIN_EXPLAINED
    and between <= _MAX_BETWEEN
    and max(map(_colour, samples)) <= _MAX_COLOUR
  )
  return middle if separates else None


def sample_step(height: int, width: int) -> int:
  """The stride at which rows and columns of such a picture are sampled."""
  return math.ceil(math.sqrt(height * width / _ENOUGH_PIXELS))


def _sample(picture: HostArray) -> HostArray:
  """Subsamples an image; enough pixels remain to separate the populations."""
  step = sample_step(*picture.shape[:2])
  return as_image(np.ascontiguousarray(picture[::step, ::step]))


def _grey(picture: HostArray) -> HostArray:
  """Brightness ``[H, W]`` of a picture, of the same dtype."""
  return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)


def _is_dark(picture: HostArray, threshold: float) -> HostArray:
  """Where the brightness is below a threshold in [0, 1], bool ``[H, W]``."""
  white = 255 if picture.dtype == np.uint8 else 1
  return _grey(picture) < white * threshold


def _colour(sample: HostArray) -> float:
  """How far the channels differ, mean over an image."""
  height, width = sample.shape[:2]
  size = math.ceil(width / _COLOUR_CELL), math.ceil(height / _COLOUR_CELL)
  cells = cv2.resize(sample, size, interpolation=cv2.INTER_AREA)
  return float(np.ptp(cells, axis=2).mean())
