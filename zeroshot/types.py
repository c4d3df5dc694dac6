"""Types that several packages use, and the notation of all files.

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

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
  from jax import Array as Array
else:

  def __getattr__(name: str) -> Any:
    """Imports JAX for those alone who ask for its arrays.

    It takes a second, and an exported network runs without it.
    """
    if name == 'Array':
      import jax

      return jax.Array
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


HostArray = np.ndarray
Params: TypeAlias = Mapping[str, Any]  # of a network: nested dicts of arrays
PlainConfig: TypeAlias = Mapping[str, Any]  # a config as JSON holds it
JsonObject: TypeAlias = dict[str, Any]  # an object as JSON holds it

UNKNOWN_KIND = 'difference'  # of a box without a name
OPEN = 255  # in ``Windows.instance``: whether the pixel differs is open


class Tile(NamedTuple):
  """A window of a picture, in pixels."""

  top: int
  left: int
  height: int
  width: int

  @property
  def window(self) -> tuple[slice, slice]:
    """What cuts the tile out of ``[H, W, ...]``."""
    return (
      slice(self.top, self.top + self.height),
      slice(self.left, self.left + self.width),
    )


class Labels(NamedTuple):
  """Annotations of each pixel of a pair, besides the mask.

  Attributes:
    weight: ``[..., H, W]``, 0 where it is open whether the pixel differs,
      else 1.
    kind: int32 ``[..., H, W]``, number of the kind of the box that a differing
      pixel belongs to; -1 where there is none or it is not known.
    box_deltas: ``[..., H, W, 4]``, distance in pixels from the left, top, right
      and bottom of the box that detection would draw to the annotated box
      without its margin, outward positive; 0 where ``share`` or ``upright``
      is 0.
    share: ``[..., H, W]``, one over the number of pixels of the pixel's box;
      0 where it belongs to none.
    upright: ``[..., H, W]``, 1 where the pair is oriented as annotated, so
      that ``box_deltas`` can be learned from; 0 where it was turned.
  """

  weight: Array
  kind: Array
  box_deltas: Array
  share: Array
  upright: Array


class Pair(NamedTuple):
  """A reference picture, a test picture and where they truly differ.

  Attributes:
    reference: image ``[..., H, W, 3]``, the good part.
    test: image ``[..., H, W, 3]``, the part under test.
    mask: ``[..., H, W]``, 1 where the part itself differs, in the grid of
      ``test``; what merely moved, brightened or got noisy is 0.
    labels: more about the mask, of a run that learns from annotators; None
      where synthesis alone is learned from.
  """

  reference: Array
  test: Array
  mask: Array
  labels: Labels | None = None


class Windows(NamedTuple):
  """Windows cut out of labelled pairs, for training to crop from.

  Attributes:
    reference: uint8 ``[N, S, S, C]``, registered; C is 1 for grey, or 3.
    test: uint8 ``[N, S, S, C]``.
    instance: uint8 ``[N, S, S]``, 0 where the two are the same, 255 where that
      is open, else one plus the number of the box that the pixel belongs to.
    box_deltas: float32 ``[N, M, 4]``, of each box, see ``Labels``; windows with
      fewer boxes are padded with 0.
    kind: int32 ``[N, M]``, number of each box's kind; -1 where not known.
    total: int32 scalar, the number of windows; the rest are padding.
  """

  reference: Array
  test: Array
  instance: Array
  box_deltas: Array
  kind: Array
  total: Array


class Material(NamedTuple):
  """What training draws from; either may be missing.

  Attributes:
    photographs: uint8 ``[N, S, S, 3]``, backgrounds for synthesis.
    windows: of labelled pairs.
  """

  photographs: Array | None = None
  windows: Windows | None = None


SIGNS = ('lighter', 'darker', 'colour')  # how a difference looks


class Measures(NamedTuple):
  """How large and how strong the differences of one picture are.

  Attributes:
    size_px: float32 ``[K]``, longer side of the smallest rectangle, turned
      anyhow, round the pixels that differ.
    area_px: float32 ``[K]``, number of the pixels that differ.
    contrast: float32 ``[K]`` in [0, 1], how far these pixels differ from the
      reference in the channel where they differ most, a mean, of white.
    sign: int8 ``[K]``, index into ``SIGNS``: whether they are lighter or darker
      than the reference, or differ from it in colour more than in lightness.
  """

  size_px: HostArray
  area_px: HostArray
  contrast: HostArray
  sign: HostArray


class Boxes(NamedTuple):
  """The detections, or the annotations, of one picture (host side).

  Attributes:
    xyxy: float32 ``[K, 4]``, half-open pixel boxes; annotations are as in
      their file, where DeepPCB's second corner is the last pixel inside.
    confidence: float32 ``[K]`` in [0, 1]; all ones for annotations.
    kind: ``K`` words, for example ``'open'``; ``'difference'`` where the kind
      is not known.
    kind_confidence: float32 ``[K]`` in [0, 1], how sure each kind is, given
      that the box is a true difference; None is all ones.
    measures: of each difference; None where they were not measured.
  """

  xyxy: HostArray
  confidence: HostArray
  kind: tuple[str, ...]
  kind_confidence: HostArray | None = None
  measures: Measures | None = None
