"""The paper's network."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.model.build import build_model

WIDTHS = (4, 6, 8)


def build():
  return build_model(
    parts.config(kind='early_fusion', widths=WIDTHS, decoder_widths=(4,))
  )


@pytest.mark.parametrize(('height', 'width'), [(16, 16), (16, 40)])
def test_any_size_that_the_stride_divides(height, width):
  model = build()
  assert model.stride == 8
  picture = jax.ShapeDtypeStruct((2, height, width, 3), jnp.float32)
  variables = jax.eval_shape(model.init, jax.random.key(0), picture, picture)
  prediction = jax.eval_shape(model.apply, variables, picture, picture)
  assert prediction.logits.shape == (2, height, width)
  assert prediction.features == ()


def test_it_tells_pictures_and_their_order_apart_with_finite_gradients():
  model = build()
  first, second = parts.noise(2, 1, 32, 32, 3)
  variables = jax.jit(model.init)(jax.random.key(0), first, second)

  @jax.jit
  def run(variables, reference, test):
    def total(variables):
      logits = model.apply(variables, reference, test).logits
      return jnp.sum(logits**2), logits

    return jax.value_and_grad(total, has_aux=True)(variables)

  (_, there), gradients = run(variables, first, second)
  (_, back), _ = run(variables, second, first)
  assert np.isfinite(there).all()
  assert np.abs(there - back).max() > 1e-4
  assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradients))
  (_, flat), gradients = run(variables, 0 * first, 0 * first)
  assert np.isfinite(flat).all()
  assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradients))
