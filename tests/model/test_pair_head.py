"""The pair head: shapes, its initial output, and the unchanged trunk."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.model.build import build_model

KINDS = ('open', 'short', 'copper')
PICTURES = parts.noise(2, 1, 16, 24, 3)


@functools.cache
def apply_toy(**changes):
  """A prediction and the parameters; one program, compiled once."""
  model = build_model(parts.config(**changes))

  @jax.jit
  def initialise_and_apply(key):
    variables = model.init(key, *PICTURES)
    return model.apply(variables, *PICTURES), variables['params']

  return initialise_and_apply(jax.random.key(0))


def test_it_speaks_for_each_pixel():
  prediction, _ = apply_toy(
    kinds=KINDS, predicts_sides=True, head_widths=(4, 6, 8)
  )
  assert prediction.kind_logits.shape == (1, 16, 24, 3)
  assert prediction.box_deltas.shape == (1, 16, 24, 4)
  # Once for two pixels each way.
  cells = prediction.kind_logits.reshape(1, 8, 2, 12, 2, 3)
  assert float(jnp.ptp(cells, axis=(2, 4)).max()) == 0
  assert float(jnp.ptp(prediction.kind_logits)) > 0


def test_it_corrects_no_side_before_it_has_learned():
  prediction, _ = apply_toy(predicts_sides=True)
  assert not prediction.box_deltas.any()
  assert prediction.kind_logits is None


def test_kinds_alone():
  prediction, _ = apply_toy(kinds=KINDS)
  assert prediction.box_deltas is None
  assert prediction.kind_logits.shape[-1] == 3


def test_without_it_there_is_neither():
  prediction, parameters = apply_toy()
  assert prediction.kind_logits is None
  assert prediction.box_deltas is None
  assert 'pair_head' not in parameters


def test_the_rest_of_the_network_has_the_same_names_and_values():
  plain, without = apply_toy()
  headed, with_head = apply_toy(kinds=KINDS, predicts_sides=True)
  assert set(with_head) - set(without) == {'pair_head'}
  shared = {name: with_head[name] for name in without}
  model = build_model(parts.config())
  again = jax.jit(model.apply)({'params': shared}, *PICTURES)
  np.testing.assert_array_equal(again.logits, headed.logits)
  assert plain.logits.shape == headed.logits.shape


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (dict(kind='early_fusion', kinds=KINDS), 'need model.kind=siamese'),
    (dict(kind='early_fusion', predicts_sides=True), 'need model.kind'),
    (dict(kinds=KINDS, head_widths=(4,)), 'differ in their number'),
  ],
)
def test_networks_that_cannot_have_it(changes, words):
  with pytest.raises(ValueError, match=words):
    build_model(parts.config(**changes))
