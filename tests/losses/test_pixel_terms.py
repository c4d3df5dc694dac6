"""Cross-entropy, focal and Dice losses by hand, at their edges and by loops."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.losses.parts import (
  EMPTY,
  EXTREME,
  FULL,
  LOGITS,
  MASK,
  RANDOM,
)
from zeroshot import losses

TERMS = {
  'balanced_bce': losses.balanced_bce,
  'focal': functools.partial(losses.focal, gamma=2.0),
  'dice': losses.dice,
}
every_term = pytest.mark.parametrize('term', TERMS.values(), ids=list(TERMS))


def sigmoid(logit):
  return 1 / (1 + math.exp(-logit))


@every_term
@pytest.mark.parametrize(
  'mask', [MASK, EMPTY, FULL], ids=['some', 'none', 'all']
)
def test_perfect_is_near_zero_and_wrong_is_not(term, mask):
  perfect = float(term(jnp.asarray(20 * (2 * mask - 1)), mask))
  wrong = float(term(jnp.asarray(20 * (1 - 2 * mask)), mask))
  assert 0 <= perfect < 1e-3
  assert wrong > 0.5


@every_term
@pytest.mark.parametrize(
  'mask', [MASK, EMPTY, FULL], ids=['some', 'none', 'all']
)
@pytest.mark.parametrize(
  'logits', [LOGITS, EXTREME, 0 * LOGITS], ids=['plain', 'extreme', 'zero']
)
def test_values_and_gradients_are_finite(term, logits, mask):
  value, gradient = jax.value_and_grad(term)(jnp.asarray(logits), mask)
  assert value.shape == ()
  assert np.isfinite(value)
  assert value >= -1e-6
  assert gradient.shape == logits.shape
  assert np.isfinite(gradient).all()


@every_term
def test_going_against_the_mask_costs_more(term):
  """Every pixel's gradient points towards the mask."""
  gradient = np.asarray(jax.grad(term)(jnp.asarray(LOGITS), MASK))
  assert (gradient[MASK > 0] <= 0).all()
  assert (gradient[MASK == 0] >= 0).all()
  assert np.abs(gradient).max() > 0


@every_term
def test_where_pixels_stand_does_not_count(term):
  order = RANDOM.permutation(MASK.size)
  mixed = [x.ravel()[order].reshape(x.shape) for x in (LOGITS, MASK)]
  assert float(term(*mixed)) == pytest.approx(
    float(term(LOGITS, MASK)), rel=1e-5
  )


@every_term
def test_jit_equals_eager(term):
  assert float(jax.jit(term)(LOGITS, MASK)) == pytest.approx(
    float(term(LOGITS, MASK)), rel=1e-5
  )


# --- Cross-entropy ------------------------------------------------------------


def test_balanced_cross_entropy_by_hand():
  logits = jnp.array([[[0.0, 2.0], [-1.0, 3.0]]])
  mask = jnp.array([[[0.0, 0.0], [0.0, 1.0]]])
  # One in four: a differing pixel weighs 2.
  expected = (
    -math.log(0.5)
    - math.log(1 - sigmoid(2))
    - math.log(1 - sigmoid(-1))
    - 2 * math.log(sigmoid(3))
  ) / 4
  assert float(losses.balanced_bce(logits, mask)) == pytest.approx(
    expected, rel=1e-5
  )


@pytest.mark.parametrize(
  ('num_set', 'gain'), [(1, 10.0), (100, 10.0), (400, 5.0), (10_000, 1.0)]
)
def test_rare_differences_weigh_more_but_at_most_10(num_set, gain):
  mask = np.zeros(10_000, np.float32)
  mask[:num_set] = 1
  mask = mask.reshape(1, 100, 100)
  gradient = jax.grad(losses.balanced_bce)(jnp.zeros_like(mask), mask)
  assert float(gradient[0, 0, 0]) * 10_000 == pytest.approx(-gain / 2, rel=1e-4)
  if num_set < 10_000:
    assert float(gradient[0, -1, -1]) * 10_000 == pytest.approx(0.5, rel=1e-4)


def test_an_empty_mask_is_plain_cross_entropy():
  plain = np.mean(np.log1p(np.exp(LOGITS.astype(np.float64))))
  assert float(losses.balanced_bce(LOGITS, EMPTY)) == pytest.approx(
    plain, rel=1e-5
  )


# --- Focal --------------------------------------------------------------------


@pytest.mark.parametrize('gamma', [0.0, 1.0, 2.0])
def test_focal_equals_plain_loops(gamma):
  total = 0.0
  for logit, target in zip(LOGITS.flat, MASK.flat, strict=True):
    right = sigmoid(float(logit)) if target else 1 - sigmoid(float(logit))
    total -= (1 - right) ** gamma * math.log(right)
  got = float(losses.focal(LOGITS, MASK, gamma=gamma))
  assert got == pytest.approx(total / MASK.size, rel=1e-4)


def test_focal_hardly_sees_what_is_right_already():
  right, wrong = jnp.full((1, 1, 1), 4.0), jnp.full((1, 1, 1), -4.0)
  one = jnp.ones((1, 1, 1))
  ratios = [
    float(losses.focal(right, one, gamma=g) / losses.focal(wrong, one, gamma=g))
    for g in (0.0, 2.0)
  ]
  assert ratios[1] < 1e-2 * ratios[0]


# --- Dice ---------------------------------------------------------------------


def test_dice_by_hand():
  logits = jnp.array([[[0.0, 0.0], [1e4, -1e4]]])
  mask = jnp.array([[[1.0, 0.0], [1.0, 0.0]]])
  # Overlap 0.5 + 1, total 2 + 2.
  assert float(losses.dice(logits, mask)) == pytest.approx(1 - 4 / 5)


def test_dice_of_nothing_and_nothing_is_0():
  assert float(losses.dice(jnp.full_like(MASK, -1e4), EMPTY)) == 0


def test_dice_is_taken_over_the_batch():
  """A picture without a difference adds to the total, not a term of its own."""
  logits, mask = LOGITS.copy(), MASK.copy()
  mask[1] = 0
  scores = 1 / (1 + np.exp(-logits.astype(np.float64)))
  expected = 1 - (2 * (scores * mask).sum() + 1) / (
    scores.sum() + mask.sum() + 1
  )
  assert float(losses.dice(logits, mask)) == pytest.approx(expected, rel=1e-5)


def test_dice_lies_between_0_and_1():
  for mask in (EMPTY, MASK, FULL):
    for logits in (LOGITS, EXTREME, -EXTREME):
      assert 0 <= float(losses.dice(logits, mask)) <= 1


# --- Weights of pixels --------------------------------------------------------


@every_term
def test_open_pixels_do_not_count(term):
  weight = (RANDOM.random(MASK.shape) < 0.7).astype(np.float32)
  there = weight > 0
  other = np.where(there, LOGITS, -LOGITS)
  flipped = np.where(there, MASK, 1 - MASK)
  value = float(term(LOGITS, MASK, weight))
  assert float(term(other, flipped, weight)) == pytest.approx(value, rel=1e-5)
  assert float(term(other, flipped)) != pytest.approx(value, rel=1e-3)


@every_term
def test_a_weight_of_one_is_no_weight(term):
  weighted = float(term(LOGITS, MASK, np.ones_like(MASK)))
  assert float(term(LOGITS, MASK)) == pytest.approx(weighted, rel=1e-6)
