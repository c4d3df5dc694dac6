"""Weights of toy networks with parameters that are all at work."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from configs import default
from tests.model import parts
from zeroshot.model.build import build_model
from zeroshot.weights import files


def weights(**changes):
  """Of the toy Siamese network, or another one, with random parameters."""
  config = default.get_config()
  config.model = parts.config(**changes)
  model = build_model(config.model)
  blank = jnp.zeros((1, 64, 64, 3))
  shapes = jax.eval_shape(model.init, jax.random.key(0), blank, blank)
  rng = np.random.default_rng(0)

  def draw(shape):
    return rng.normal(0, 0.3, shape.shape).astype(np.float32)

  parameters = jax.tree.map(draw, shapes['params'])
  plain = {
    'model': config.model.to_dict(),
    'detect': config.detect.to_dict(),
  }
  return files.Weights(parameters, plain, 3)
