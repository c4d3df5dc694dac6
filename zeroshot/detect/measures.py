"""How large and how strong a difference is, and whether it is light or dark.

  measured = measure(components, reached, (reference, test))
  measured.size_px, measured.contrast

For notation see components.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.detect.components import Components
from zeroshot.detect.extents import Pictures
from zeroshot.types import SIGNS, HostArray, Measures


def measure(
  components: Components, reached: HostArray, pictures: Pictures
) -> Measures:
  """Measures each component over those of its pixels that a box goes round.

  Args:
    components: the components.
    reached: bool ``[N]``, at least one of each component; see
      ``extents.reached``.
    pictures: reference and test ``[H, W, 3]`` in one grid and lighting, uint8
      or float32 in [0, 1].
  """
  x, y, label = (
    part[reached] for part in (components.x, components.y, components.label)
  )
  colours = [as_image(picture[y, x][None])[0] for picture in pictures]
  area = np.bincount(label, minlength=components.area.size)
  contrast = np.abs(colours[1] - colours[0]).max(axis=1)  # [N]
  ends = np.cumsum(area)
  return Measures(
    size_px=np.array(
      [
        _longer_side(x[start:end], y[start:end])
        for start, end in zip(ends - area, ends, strict=True)
      ],
      np.float32,
    ),
    area_px=area.astype(np.float32),
    contrast=(np.bincount(label, weights=contrast) / area).astype(np.float32),
    sign=_signs(*(_means(colour, label, area) for colour in colours)),
  )


def none() -> Measures:
  """Those of no box."""
  empty = np.zeros(0, np.float32)
  return Measures(empty, empty, empty, np.zeros(0, np.int8))


def select(measures: Measures | None, chosen: HostArray) -> Measures | None:
  """Those of some of the boxes; see ``boxes.select``."""
  if measures is None:
    return None
  return Measures(*(column[chosen] for column in measures))


def merge(parts: Sequence[Measures | None]) -> Measures | None:
  """Those of all parts of a picture, or None where a part has none."""
  known = [part for part in parts if part is not None]
  if len(known) < len(parts) or not known:
    return None
  return Measures(*map(np.concatenate, zip(*known, strict=True)))


def enlarge(measures: Measures, factor: float) -> Measures:
  """Those of boxes on a picture that is larger by a factor."""
  return measures._replace(
    size_px=measures.size_px * np.float32(factor),
    area_px=measures.area_px * np.float32(factor * factor),
  )


def _longer_side(x: HostArray, y: HostArray) -> float:
  """That of the smallest rectangle round some pixels, each a pixel wide."""
  hull = cv2.convexHull(np.stack([x, y], axis=1).astype(np.int32))
  around = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
  corners = (hull + around).reshape(-1, 2).astype(np.float32)
  return max(cv2.minAreaRect(corners)[1])


def _means(colours: HostArray, label: HostArray, area: HostArray) -> HostArray:
  """The mean colour of each component, float32 ``[K, 3]``."""
  channels = [np.bincount(label, weights=channel) for channel in colours.T]
  return (np.stack(channels, axis=1) / area[:, None]).astype(np.float32)


def _signs(reference: HostArray, test: HostArray) -> HostArray:
  """Indices into ``SIGNS``, of mean colours ``[K, 3]``, in CIELAB."""
  first, second = (
    cv2.cvtColor(colours[None], cv2.COLOR_RGB2LAB)[0]
    for colours in (reference, test)
  )
  change = second - first
  lightness = change[:, 0]
  tone = np.hypot(change[:, 1], change[:, 2])
  sign = np.where(lightness >= 0, SIGNS.index('lighter'), SIGNS.index('darker'))
  sign[tone > np.abs(lightness)] = SIGNS.index('colour')
  return sign.astype(np.int8)
