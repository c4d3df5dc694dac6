"""Two pictures of one scene: each nuisance alone."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis.capture import capture

KEYS = parts.keys(8, seed=1)


@functools.cache
def capture_all():
  """Captures of one scene, each probability an argument."""
  side = parts.SIZE + 2 * parts.MARGIN
  scene = parts.plain_noise(jax.random.key(4), side)

  def take(key, probabilities):
    nuisance = {
      name: values | dict(probability=probabilities[name])
      for name, values in parts.settings().items()
    }
    return capture(
      key,
      scene,
      scene,
      margin_px=parts.MARGIN,
      min_change=0.1,
      nuisance=nuisance,
    )

  return jax.jit(jax.vmap(take, in_axes=(0, None)))


@pytest.mark.parametrize('name', parts.settings())
def test_each_nuisance_alone_changes_pictures_and_labels_nothing(name):
  probabilities = dict.fromkeys(parts.settings(), 0.0)
  plain = jax.device_get(capture_all()(KEYS, probabilities))
  np.testing.assert_allclose(plain.reference, plain.test, atol=1e-5)
  pair = jax.device_get(capture_all()(KEYS, probabilities | {name: 1.0}))
  assert not pair.mask.any()
  assert parts.difference(pair).mean((1, 2)).max() > 1e-3
  changed = np.abs(pair.test - plain.test).max((1, 2, 3))
  if name in parts.GEOMETRY:  # the mask's own grid is left in peace
    assert not changed.any()
  else:
    assert changed.max() > 1e-2
