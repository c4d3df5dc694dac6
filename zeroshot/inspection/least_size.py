"""The least size of a difference that is reported, and the picture's scale.

  px = parse('0.3mm', mm_per_px=0.02)       # 15.0
  least = of('24px')                        # LeastSize(px=24.0)
  least = of('0.3mm', mm_per_px=0.02)       # LeastSize(px=15.0, mm_per_px=0.02)

Imports no NumPy: the command line parses sizes before anything is loaded.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

_SIZE = re.compile(r'([+-]?[0-9.]+(?:e[+-]?[0-9]+)?)\s*(.*)', re.IGNORECASE)
_MOST_PX = 1e6  # of a size: more than any picture has


class LeastSize(NamedTuple):
  """What is too small to be reported.

  Attributes:
    px: least ``size_px`` of a box, in pixels of the test picture; 0 reports
      all.
    mm_per_px: side of a pixel of the test picture on the part, in millimetres;
      None where it is not known.
  """

  px: float = 0.0
  mm_per_px: float | None = None

  def to_mm(self, px: float) -> float | None:
    """A length in millimetres; None without a scale.

    Args:
      px: the length, pixels of the test picture.
    """
    return None if self.mm_per_px is None else px * self.mm_per_px


ALL = LeastSize()  # every difference is reported
MinSize = LeastSize | str | float  # as a caller may give it


def parse(text: str | float, mm_per_px: float | None = None) -> float:
  """A size in pixels of the test picture.

  Args:
    text: ``'24'`` or ``'24px'``, or ``'0.3mm'``; a number is of pixels.
    mm_per_px: see ``LeastSize``; millimetres need it.

  Returns:
    Pixels, finite and 0 or more.

  Raises:
    ValueError: it is no size, has another unit, is negative, or is in
      millimetres and there is no scale.
  """
  scale = check_scale(mm_per_px)
  match = _SIZE.fullmatch(str(text).strip())
  try:
    value = float(match[1]) if match else math.nan
  except ValueError:
    value = math.nan
  unit = match[2].lower() if match else ''
  if not match or math.isnan(value):
    raise ValueError(
      f"min_size {text!r} is no size; give '24', '24px', '0.3mm'"
    )
  if unit not in ('', 'px', 'mm'):
    raise ValueError(
      f'min_size {text!r} has the unit {unit!r}; give px, or mm with mm_per_px'
    )
  if unit == 'mm':
    if scale is None:
      raise ValueError(
        f'min_size {text!r} is in millimetres and the scale is not known; give '
        'mm_per_px, the side of a pixel on the part, or the size in px'
      )
    value /= scale
  if not 0 <= value <= _MOST_PX:
    raise ValueError(
      f'min_size {text!r} is {value:g} px; give one from 0 to {_MOST_PX:g} px'
    )
  return value


def check_scale(mm_per_px: float | None) -> float | None:
  """Returns a scale unchanged; see ``LeastSize``.

  Raises:
    ValueError: it is not a finite number above 0.
  """
  if mm_per_px is not None and not 0 < mm_per_px < math.inf:
    raise ValueError(
      f'mm_per_px is {mm_per_px}; give millimetres above 0, 0.02 for a picture '
      'of 50 pixels to a millimetre'
    )
  return mm_per_px


def of(min_size: MinSize | None, mm_per_px: float | None = None) -> LeastSize:
  """The least size that is meant, with the scale.

  Args:
    min_size: one that is made already, or see ``parse``; None is 0 px.
    mm_per_px: see ``LeastSize``; goes without a LeastSize, which has its own.

  Raises:
    ValueError: see ``parse``.
  """
  if isinstance(min_size, LeastSize):
    return LeastSize(parse(min_size.px), check_scale(min_size.mm_per_px))
  px = 0.0 if min_size is None else parse(min_size, mm_per_px)
  return LeastSize(px, check_scale(mm_per_px))
