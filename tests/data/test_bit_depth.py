"""The depth of samples that are stored in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import bit_depth


def values(bits, shift=0, seed=0):
  """Random values that reach the largest one, uint16 ``[30, 40, 3]``."""
  draws = np.random.default_rng(seed).integers(0, 2**bits, (30, 40, 3))
  draws[3, 4] = 2**bits - 1
  return (draws << shift).astype(np.uint16)


@pytest.mark.parametrize('bits', bit_depth.DEPTHS)
def test_the_depth_is_found_as_it_is_and_shifted_to_the_left(bits):
  white = 2**bits - 1
  assert bit_depth.find(values(bits)) == (white, 1)
  shift = 16 - bits
  assert bit_depth.find(values(bits, shift)) == (white << shift, 1 << shift)
  assert bit_depth.given(values(bits), bits) == (white, 1)
  assert bit_depth.given(values(bits, shift), bits).white == white << shift


@pytest.mark.parametrize(
  ('most', 'white'),
  [(1, 255), (255, 255), (256, 1023), (2000, 4095), (5000, 16383)]
  + [(16383, 16383), (16384, 65535), (40001, 65535), (65535, 65535)],
)
def test_the_least_depth_that_holds_the_values(most, white):
  pixels = np.zeros((5, 6, 3), np.uint16)
  pixels[2, 3] = most
  pixels[0, 0] = 1
  assert bit_depth.find(pixels) == (white, 1)


def test_black_has_all_bits():
  black = np.zeros((5, 6, 3), np.uint16)
  assert bit_depth.find(black) == (65535, 1)
  assert bit_depth.given(black, 10) == (1023, 1)


def test_values_beyond_the_bits_are_refused():
  with pytest.raises(ValueError, match=r'pixel of 4095, and 10 .*give bits=12'):
    bit_depth.given(values(12), 10)
  for wrong in (0, 7, 17):
    with pytest.raises(ValueError, match='give 8 to 16'):
      bit_depth.check(wrong)
  for right in (None, 8, 12, 16):
    bit_depth.check(right)
