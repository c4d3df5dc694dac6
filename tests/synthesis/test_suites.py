"""Suites of pairs to measure with."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from zeroshot.synthesis import suites


@pytest.mark.parametrize('size_px', [0, 64, 250])
def test_a_size_that_cannot_be_drawn_is_refused(size_px):
  with pytest.raises(ValueError, match='multiple of 8, 128'):
    suites.build('easier', size_px=size_px)


def test_an_unknown_level_is_refused():
  with pytest.raises(ValueError, match='easier'):
    suites.build('hardest', size_px=128)


@pytest.mark.slow
def test_each_suite_differs_in_its_own_way():
  draw = jax.jit(suites.build('easier', size_px=128))
  keys = jax.random.split(jax.random.key(0), 6)
  names = suites.SUITES['easier']
  pairs = {
    name: jax.device_get(draw(keys, number))
    for number, name in enumerate(names)
  }
  assert not pairs['good'].mask.any()
  assert np.abs(pairs['good'].reference - pairs['good'].test).max() > 0.02
  for name in names:
    if name != 'good':
      assert pairs[name].mask.any()
      assert pairs[name].mask.mean() < 0.25
  # The same scenes and nuisances: only the defect is another.
  twice = jax.device_get(draw(keys, 0))
  np.testing.assert_array_equal(twice.test, pairs['good'].test)
  shares = {name: pair.mask.mean() for name, pair in pairs.items()}
  assert shares['thin'] < shares['colour']
