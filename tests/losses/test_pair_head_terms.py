"""The losses of the pair head: kinds and box deltas."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.losses.parts import (
  LOGITS,
  MASK,
  config,
  labels,
)
from zeroshot import losses
from zeroshot.model.siamese import Prediction

# A box of three pixels, of kind 1, and one of a single pixel, of kind 0.
TWO_BOXES = labels([[[1, 1, 1, -1, 0]]], [[[1 / 3, 1 / 3, 1 / 3, 0, 1]]])


def test_kinds_by_hand():
  logits = np.zeros((1, 1, 5, 2), np.float32)
  logits[..., 1] = 3.0
  right, wrong = math.log1p(math.exp(-3)), math.log1p(math.exp(3))
  # Each box counts once, whatever its size.
  expected = (right + wrong) / 2
  assert float(losses.kinds(logits, TWO_BOXES)) == pytest.approx(expected)


def test_sides_by_hand():
  truth = labels(TWO_BOXES.kind, TWO_BOXES.share, box_deltas=1.0)
  predicted = np.ones((1, 1, 5, 4), np.float32)
  predicted[0, 0, 4] = [1, 1, 1, 9]  # off by 8 px, 4 units: 4 - 1/2
  predicted[0, 0, 3] = 99  # of no box
  assert float(losses.box_deltas(predicted, truth)) == pytest.approx(
    3.5 / 4 / 2
  )


def test_turned_pairs_teach_kinds_and_no_sides():
  turned = labels(TWO_BOXES.kind, TWO_BOXES.share, box_deltas=1.0, upright=0.0)
  assert float(losses.box_deltas(np.zeros((1, 1, 5, 4)), turned)) == 0
  logits = np.zeros((1, 1, 5, 2), np.float32)
  assert float(losses.kinds(logits, turned)) == pytest.approx(math.log(2))


def test_without_a_box_there_is_nothing_to_learn():
  none = labels([[[-1, -1]]], [[[0, 0]]])
  logits = jnp.ones((1, 1, 2, 3))
  value, gradient = jax.value_and_grad(losses.kinds)(logits, none)
  assert float(value) == 0
  assert not gradient.any()
  assert float(losses.box_deltas(jnp.ones((1, 1, 2, 4)), none)) == 0


def test_a_box_of_unknown_kind_teaches_its_sides_alone():
  unknown = labels([[[-1, 1]]], [[[1, 1]]], box_deltas=2.0)
  logits = np.zeros((1, 1, 2, 2), np.float32)
  assert float(losses.kinds(logits, unknown)) == pytest.approx(math.log(2))
  assert float(losses.box_deltas(np.zeros((1, 1, 2, 4)), unknown)) > 0


@pytest.mark.parametrize('name', ['kinds', 'sides'])
def test_a_head_that_is_not_there_is_named(name):
  loss = losses.build_loss(config(**{name: 1.0}))
  with pytest.raises(ValueError, match=rf'loss\.{name} has weight'):
    loss(Prediction(LOGITS, ()), MASK)
  with pytest.raises(ValueError, match=rf'loss\.{name} has weight'):
    loss(Prediction(LOGITS, ()), MASK, TWO_BOXES)


def test_the_total_takes_the_head_and_the_open_pixels_in():
  shape = MASK.shape
  known = labels(np.where(MASK > 0, 1, -1), MASK / MASK.sum(), box_deltas=1.0)
  known = known._replace(weight=(LOGITS > -2).astype(np.float32))
  prediction = Prediction(
    LOGITS, (), np.zeros((*shape, 2), np.float32), np.zeros((*shape, 4))
  )
  loss = losses.build_loss(config(dice=1.0, kinds=0.5, sides=0.25))
  total, terms = jax.jit(loss)(prediction, MASK, known)
  assert set(terms) == {'dice', 'kinds', 'sides'}
  expected = losses.dice(LOGITS, MASK, known.weight)
  assert float(terms['dice']) == pytest.approx(float(expected), rel=1e-5)
  assert float(terms['kinds']) == pytest.approx(math.log(2), rel=1e-5)
  assert float(total) == pytest.approx(
    float(terms['dice'] + 0.5 * terms['kinds'] + 0.25 * terms['sides']),
    rel=1e-5,
  )
