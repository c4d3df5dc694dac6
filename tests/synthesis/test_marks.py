"""Marks that are hard to find: what each may and may not change."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zeroshot.synthesis import camera, marks

SIZE = 96


def drawn(mark, number, level=0.5):
  plain = jnp.full((SIZE, SIZE, 3), level)
  change = np.asarray(_JITTED[mark](jax.random.key(number), plain)) - level
  return change


_JITTED = {
  name: jax.jit(getattr(marks, name)) for name in ('colour', 'faint', 'thin')
}


@pytest.mark.parametrize('level', [0.1, 0.5, 0.9])
def test_colour_leaves_the_brightness(level):
  changes = [drawn('colour', n, level) for n in range(8)]
  for change in changes:
    np.testing.assert_allclose(camera.luma(change), 0.0, atol=1e-5)
  assert max(np.abs(change).max() for change in changes) > 0.05


def test_faint_marks_are_pale():
  strongest = [np.abs(drawn('faint', n)).max() for n in range(12)]
  assert max(strongest) <= 0.2 + 1e-5
  assert sum(peak > 0.03 for peak in strongest) >= 8  # others are off the edge


def test_thin_marks_cover_less_than_a_pixel_across():
  for number in range(12):
    change = np.abs(drawn('thin', number)).max(axis=-1)
    if change.max() < 0.05:
      continue  # beyond the edge
    # Its area over its length: two lines of 0.95 px at most, and the ends.
    y, x = np.nonzero(change > 0.02)
    length = max(np.hypot(np.ptp(y), np.ptp(x)), 1.0)
    assert change.sum() / 0.5 / length < 2.4


def test_some_thin_marks_have_two_tones():
  two = 0
  for number in range(16):
    change = drawn('thin', number).mean(axis=-1)
    two += change.max() > 0.1 and change.min() < -0.1
  assert 2 <= two <= 14
