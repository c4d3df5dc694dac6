"""How many bits pictures of 16 bits a sample really use.

  depth = bit_depth.find(pixels)
  depth.white  # the value of white: 4095 for 12 bits

Cameras of 10, 12 or 14 bits store their values in 16, either as they are, or
shifted to the left, so that the lowest bits are always zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.types import HostArray

DEPTHS = (8, 10, 12, 14, 16)
_STORED = 16  # bits of a sample
_LEAST_SHIFTED = 14  # values of more bits than this may be shifted ones


class Depth(NamedTuple):
  """The scale of a picture's values.

  Attributes:
    white: largest possible value.
    step: smallest distance of two values.
  """

  white: int
  step: int


def find(pixels: HostArray) -> Depth:
  """The least depth of ``DEPTHS`` that holds all values.

  Args:
    pixels: uint16, of any shape.

  Returns:
    The depth; that of 16 bits for a black picture.
  """
  used = _used_bits(pixels)
  size = used.bit_length()
  step = used & -used or 1  # the lowest bit that is ever set
  if not used:
    return _depth(_STORED, shift=0, step=1)
  if size <= _LEAST_SHIFTED:
    bits = next(bits for bits in DEPTHS if bits >= size)
    return _depth(bits, shift=0, step=step)
  for bits in DEPTHS:
    if step >= 1 << (_STORED - bits):
      return _depth(bits, shift=_STORED - bits, step=step)
  raise AssertionError('16 bits hold every value')


def given(pixels: HostArray, bits: int) -> Depth:
  """The scale of values that are known to have some number of bits.

  Args:
    pixels: uint16, of any shape.
    bits: 8 to 16.

  Raises:
    ValueError: a value needs more bits, and they are not shifted to the left.
  """
  used = _used_bits(pixels)
  step = used & -used or 1
  shift = _STORED - bits
  if used >> bits == 0:
    return _depth(bits, shift=0, step=step)
  if step >= 1 << shift:
    return _depth(bits, shift=shift, step=step)
  raise ValueError(
    f'has a pixel of {pixels.max()}, and {bits} bits hold {(1 << bits) - 1} at '
    f'most; give bits={used.bit_length()} or more, or leave it out'
  )


def check(bits: int | None) -> None:
  """Refuses a number of bits that is none.

  Raises:
    ValueError: it is neither None nor 8 to 16.
  """
  if bits is not None and bits not in range(DEPTHS[0], _STORED + 1):
    raise ValueError(f'bits is {bits}; give {DEPTHS[0]} to {_STORED}')


def _used_bits(pixels: HostArray) -> int:
  """The bits that are set in any value."""
  return int(np.bitwise_or.reduce(pixels, axis=None))


def _depth(bits: int, *, shift: int, step: int) -> Depth:
  return Depth(((1 << bits) - 1) << shift, step)
