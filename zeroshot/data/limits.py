"""The largest picture that is read, and the errors of every format.

limits.check_size(width, height, 'part.png', max_megapixels=400)
"""

from __future__ import annotations

import os

Path = str | os.PathLike[str]

MAX_MEGAPIXELS = 400.0  # default limit
_DECODER_MEGAPIXELS = 1073  # OpenCV decodes 2 ** 30 pixels at most


def check_size(
  width: int, height: int, name: str, *, max_megapixels: float
) -> None:
  """Refuses a picture that is too large; ``name`` is for the error."""
  megapixels = width * height / 1e6
  if megapixels <= max_megapixels:
    return
  remedy = 'crop it or scale it down'
  if megapixels <= _DECODER_MEGAPIXELS:
    remedy += f', or raise max_megapixels to {int(megapixels) + 1}'
  raise ValueError(
    f'{name}: {width}x{height} is {megapixels:.6g} megapixels, more than '
    f'max_megapixels, {max_megapixels:g}; {remedy}'
  )


def check_limit(max_megapixels: float) -> float:
  """Returns a legal limit unchanged.

  Raises:
    ValueError: it is not positive, or more than OpenCV decodes.
  """
  if not 0 < max_megapixels <= _DECODER_MEGAPIXELS:
    raise ValueError(
      f'max_megapixels is {max_megapixels}; give more than 0 and at most '
      f'{_DECODER_MEGAPIXELS}'
    )
  return float(max_megapixels)


def several(name: str) -> str:
  """The error text for a file of more than one picture."""
  return (
    f'{name}: holds several pictures (an animation, or pages); save the one '
    'that is meant as PNG'
  )


def damaged(name: str, kind: str | None) -> str:
  """The error text for a file whose first bytes alone are a picture's."""
  return (
    f'{name}: not a picture that can be decoded (damaged, cut short, or a rare '
    f'kind of {kind}); copy it again, or convert it to PNG'
  )


def printable(path: Path) -> str:
  """A path on one line, without control characters, for messages."""
  text = os.fspath(path)
  return text if text.isprintable() else repr(text)
