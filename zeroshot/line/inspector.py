"""What judges a picture: the detector of a recipe, or anything like it.

judged = inspector.judge(detector, 'part7.png', 'part7')
judged.verdict, judged.record
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple, Protocol

from zeroshot.data import decoding
from zeroshot.inspection import could_not_align, inputs, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.result_records import ERROR
from zeroshot.types import HostArray, JsonObject

MAX_SIDE_PX = 32_000  # OpenCV's moves of pictures end at 2 ** 15


class Inspector(Protocol):
  """Judges test pictures by one recipe; threads may share it.

  Attributes:
    name: of the recipe.
  """

  @property
  def name(self) -> str:
    """Name of the recipe."""

  def inspect(
    self, test: inputs.Picture, *, threshold: float | None = None
  ) -> result.Inspection:
    """Inspects a picture; raises ValueError if it cannot be."""


class Judged(NamedTuple):
  """What is known of a picture after it was judged.

  Attributes:
    record: ``Inspection.to_dict()`` and the recipe; of a pair that could not
      be aligned ``name``, ``recipe``, ``verdict`` ``'error'``, ``error``,
      ``reason`` and ``probability``.
    overlay: makes the picture with its boxes, or of both laid over each other,
      uint8 ``[H, W, 3]``, RGB.
  """

  record: JsonObject
  overlay: Callable[[], HostArray]

  @property
  def verdict(self) -> str:
    """``'same'``, ``'different'`` or ``'error'``."""
    verdict: str = self.record['verdict']
    return verdict


def decode(data: bytes, name: str, *, max_megapixels: float) -> HostArray:
  """The pixels of a picture's bytes, refused before they are decoded.

  Args:
    data: content of a file of any format.
    name: of the file, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    ``[H, W, 3]``, RGB, upright, uint8 or uint16.

  Raises:
    ValueError: no picture, cut short, too large, several pictures, or pixels
      of another type.
  """
  pixels = decoding.decode(
    data, name, max_megapixels=max_megapixels, upright=True
  )
  if max(pixels.shape[:2]) > MAX_SIDE_PX:
    raise ValueError(
      f'{name}: {pixels.shape[1]}x{pixels.shape[0]} has a side of more than '
      f'{MAX_SIDE_PX} px; crop it or scale it down'
    )
  if pixels.dtype.name not in ('uint8', 'uint16'):
    raise ValueError(
      f'{name}: pixels of type {pixels.dtype}; convert it to 8 or 16 bits'
    )
  return pixels


def judge(
  inspector: Inspector,
  test: inputs.Picture,
  name: str,
  *,
  threshold: float | None = None,
) -> Judged:
  """Judges one picture; one that cannot be aligned has a record as well.

  Args:
    inspector: of the recipe.
    test: the picture, see ``inputs.to_pixels``.
    name: of the picture, for the record.
    threshold: least confidence that counts; None takes the recipe's.

  Raises:
    ValueError: the picture cannot be inspected.
  """
  identity = dict(name=name, recipe=inspector.name)
  try:
    inspection = inspector.inspect(test, threshold=threshold)
  except CouldNotAlignError as error:
    picture = error.picture
    return Judged(
      {
        **identity,
        'verdict': ERROR,
        'error': ' '.join(str(error).split()),
        'reason': could_not_align.REASON,
        'probability': result.round_known(error.probability, 3),
      },
      lambda: picture,
    )
  return Judged({**inspection.to_dict(), **identity}, inspection.overlay)


def stem_of(name: str | os.PathLike[str]) -> str:
  """The name of a picture, from that of its file, printable and short."""
  last = os.path.basename(os.fspath(name).replace('\\', '/'))
  stem = os.path.splitext(last)[0] or 'part'
  return ''.join(c if c.isprintable() else '?' for c in stem)[:100]
