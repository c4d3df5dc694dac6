"""A run that one example of one update spoils, and findings made up."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tests.train import parts
from zeroshot import rng
from zeroshot.train import examples

UPDATE, EXAMPLE = 7, 5
SETTINGS = dict(steps=12, batch_size=8, log_every=100)


def spoiling(value):
  """A synthesis that puts a value into one example of one update."""

  def synthesise(keys, bank):
    pair = parts.synthesise(keys, bank)
    bad = rng.example_keys(0, 'pairs', UPDATE - 1, first=EXAMPLE, count=1)
    same = jax.random.key_data(keys) == jax.random.key_data(bad)
    is_bad = jnp.all(same, axis=-1)  # [B]
    test = pair.test.at[:, :2, :2].set(
      jnp.where(is_bad[:, None, None, None], value, pair.test[:, :2, :2])
    )
    return pair._replace(test=test)

  return synthesise


def finding(index, *, loss=0.5, gradient_norm=1.0, faults=(), **finite):
  """A finding of which little is said."""
  return examples.Finding(
    index=index,
    finite={'test': True, 'prediction': True, **finite},
    faults=faults,
    terms={'loss': loss},
    gradient_norm=gradient_norm,
    scores=np.zeros((2, 2), np.float32),
  )
