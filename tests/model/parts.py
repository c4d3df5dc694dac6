"""Networks and pictures of toy size."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from configs import default
from zeroshot.model.build import build_model


def config(**changes):
  """A Siamese network of three scales, stride 8."""
  result = default.get_config().model
  result.update(
    widths=(6, 8, 8),
    depths=(1, 1, 1),
    match_radii=(0, 1, 2),
    decoder_widths=(4, 4, 6),
    decoder_depths=(1, 2, 1),
    head_widths=(4, 6, 6),
  )
  result.update(changes)
  return result


@functools.cache
def siamese(*match_radii):
  """The toy network: a compiled function and its random parameters."""
  changes = dict(match_radii=match_radii) if match_radii else {}
  model = build_model(config(**changes))
  blank = jnp.zeros((1, 16, 16, 3))
  parameters = jax.jit(model.init)(jax.random.key(0), blank, blank)['params']
  apply = jax.jit(
    lambda parameters, reference, test: model.apply(
      {'params': parameters}, reference, test
    )
  )
  return apply, parameters


def sharpened(parameters, sharpness):
  """The parameters with another sharpness of every softmax."""
  return {
    name: jnp.full((), sharpness) if name.startswith('sharpness') else value
    for name, value in parameters.items()
  }


def noise(*shape, seed=0):
  return np.random.default_rng(seed).random(shape, np.float32)


def relative_difference(pair):
  """The difference of features and their matches, relative, per scale."""
  return [
    float(jnp.mean(jnp.abs(test - matched)) / jnp.mean(jnp.abs(test)))
    for test, matched in pair
  ]
