"""Types that travel between rooms, and the notation that every file uses.

Notation:
  B, H, W, C   batch, height, width, channels
  K            number of boxes of one picture
  image        float32 in [0, 1], [..., H, W, 3], RGB
  mask         float32, 0 or 1, [..., H, W]; 1 where the two pictures truly
               differ, in the pixel grid of the test picture
  valid        float32, 0 or 1, [..., H, W]; 1 where both pictures have content
  logits       before the sigmoid; ``scores`` after it, in [0, 1]
  boxes        float32 [K, 4], x1 y1 x2 y2 in pixels, half-open: a box covers
               the pixels with x1 <= x < x2 and y1 <= y < y2
  *_px         a length in pixels;  num_* a count;  *_every a period in steps
  key          a typed JAX random key
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

Array = jax.Array
HostArray = np.ndarray


class Pair(NamedTuple):
  """A reference picture, a test picture and where they truly differ.

  Attributes:
    reference: image ``[..., H, W, 3]``, the good part.
    test: image ``[..., H, W, 3]``, the part under test.
    mask: ``[..., H, W]``, 1 where the part itself differs, in the grid of
      ``test``; what merely moved, brightened or got noisy is 0.
  """

  reference: Array
  test: Array
  mask: Array


class Boxes(NamedTuple):
  """The detections, or the annotations, of one picture (host side).

  Attributes:
    xyxy: float32 ``[K, 4]``, half-open pixel boxes; as they stand in the file
      for annotations, of which DeepPCB's name the last pixel inside.
    confidence: float32 ``[K]`` in [0, 1]; all ones for annotations.
    kind: ``K`` words, for example ``'open'``; ``'difference'`` where the kind
      is not known.
    kind_confidence: float32 ``[K]`` in [0, 1], how sure each kind is, given
      that the box is a true difference; None is all ones.
  """

  xyxy: HostArray
  confidence: HostArray
  kind: tuple[str, ...]
  kind_confidence: HostArray | None = None
