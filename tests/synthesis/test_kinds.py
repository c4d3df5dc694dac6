"""Laws of every background, region, fill and nuisance."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts

KEYS = parts.keys(4, seed=3)

every_kind = pytest.mark.parametrize('name', parts.KINDS)


@functools.cache
def batched(name):
  return jax.jit(jax.vmap(parts.KINDS[name]))


@functools.cache
def batch(name):
  return np.asarray(batched(name)(KEYS))


def test_the_suite_holds_every_kind_of_the_config():
  families = {name.split('-')[0] for name in parts.KINDS}
  assert families == set(parts.FAMILIES)
  assert len(parts.KINDS) >= 26


@every_kind
def test_shape_range_and_finite(name):
  values = batch(name)
  assert values.shape == (len(KEYS), *parts.shape(name))
  assert values.dtype == np.float32
  assert np.isfinite(values).all()
  assert values.min() >= -1e-6
  assert values.max() <= 1 + 1e-6


@every_kind
def test_the_same_key_draws_the_same(name):
  np.testing.assert_array_equal(batched(name)(KEYS), batch(name))


@every_kind
def test_a_draw_depends_on_its_key_alone(name):
  """Its position in the batch and the other keys have no effect."""
  turned = np.asarray(batched(name)(KEYS[::-1]))[::-1]
  np.testing.assert_allclose(turned, batch(name), atol=1e-5)


@every_kind
def test_different_keys_differ(name):
  values = batch(name)
  expected = 1 if name in parts.KEYLESS else len(KEYS)
  assert len({value.tobytes() for value in values}) == expected


@every_kind
def test_jit_and_vmap_equal_an_eager_loop(name):
  eager = np.stack([parts.KINDS[name](key) for key in KEYS])
  np.testing.assert_allclose(batch(name), eager, atol=2e-5)
