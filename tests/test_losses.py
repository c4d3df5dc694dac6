"""Every term by hand, at its edges, and against plain loops."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from zeroshot import losses
from zeroshot.model.siamese import Prediction
from zeroshot.types import Labels

AXIS = 'devices'
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (2, 8, 12)).astype(np.float32)
MASK = (RANDOM.random((2, 8, 12)) < 0.2).astype(np.float32)
EMPTY, FULL = np.zeros_like(MASK), np.ones_like(MASK)
EXTREME = np.where(RANDOM.random(MASK.shape) < 0.5, -1e4, 1e4).astype(
  np.float32
)


def features(*sides, seed=0):
  """One pair of feature maps for each side, as ``[B, h, w, C]``."""
  random = np.random.default_rng(seed)
  return tuple(
    tuple(random.normal(size=(2, 2, h, w, 5)).astype(np.float32))
    for h, w in sides
  )


FEATURES = features((4, 6), (2, 3))

TERMS = {
  'balanced_bce': losses.balanced_bce,
  'focal': functools.partial(losses.focal, gamma=2.0),
  'dice': losses.dice,
}
every_term = pytest.mark.parametrize('term', TERMS.values(), ids=list(TERMS))


def config(**changes):
  result = default.get_config().loss
  result.update(
    balanced_bce=0.0, focal=0.0, dice=0.0, contrast=0.0, label_smoothing=0.0
  )
  result.update(changes)
  return result


def sigmoid(logit):
  return 1 / (1 + math.exp(-logit))


# --- Every pixel term -------------------------------------------------------


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
  """No pixel's gradient points away from the mask."""
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


# --- Cross-entropy ----------------------------------------------------------


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


# --- Focal ------------------------------------------------------------------


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


# --- Dice -------------------------------------------------------------------


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


# --- Contrast ---------------------------------------------------------------


def plain_contrast(feature_pairs, mask, margin):
  """``contrast`` by loops."""
  means = []
  for test, matched in feature_pairs:
    b, h, w, _ = test.shape
    rows, columns = mask.shape[1] // h, mask.shape[2] // w
    alike, apart = [], []
    for n, y, x in np.ndindex(b, h, w):
      first, second = (f[n, y, x].astype(np.float64) for f in (test, matched))
      norms = np.linalg.norm(first) * np.linalg.norm(second)
      distance = 1 - first @ second / norms
      share = mask[
        n, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns
      ].mean()
      if share == 0:
        alike.append(distance**2)
      elif share > 0.5:
        apart.append(max(margin - distance, 0) ** 2)
    means.append(sum(np.mean(group) for group in (alike, apart) if group))
  return np.mean(means)


def blocky(share, seed=0):
  """A mask of 2x2 blocks, so that whole cells are set and others half."""
  random = np.random.default_rng(seed)
  fine = (random.random((2, 4, 6)) < share).astype(np.float32)
  return np.kron(fine, np.ones((1, 2, 2), np.float32))


@pytest.mark.parametrize('mask', [MASK, EMPTY, FULL, blocky(0.3), blocky(0.8)])
@pytest.mark.parametrize('margin', [0.5, 1.5])
def test_contrast_equals_plain_loops(mask, margin):
  got = float(losses.contrast(FEATURES, mask, margin=margin))
  assert got == pytest.approx(plain_contrast(FEATURES, mask, margin), rel=1e-3)


def test_contrast_by_hand():
  a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
  test = np.stack([a, a, a, a]).reshape(1, 1, 4, 2).astype(np.float32)
  matched = np.stack([a, b, a, -a]).reshape(1, 1, 4, 2).astype(np.float32)
  mask = np.array([[[0.0, 0.0, 1.0, 1.0]]], np.float32)
  # Distances 0, 1, 0, 2; inside the mask 0.5 and nothing is lacking.
  expected = (0 + 1) / 2 + (0.25 + 0) / 2
  got = losses.contrast(((test, matched),), mask, margin=0.5)
  assert float(got) == pytest.approx(expected, abs=2e-3)


def test_contrast_is_near_zero_for_features_as_they_should_be():
  same = np.abs(FEATURES[0][0]) + 0.5
  mask = blocky(0.4)
  inside = mask[:, ::2, ::2, None]
  matched = np.where(inside > 0, -same, same)
  got = losses.contrast(((same, matched),), mask, margin=1.5)
  assert float(got) == pytest.approx(0, abs=1e-4)
  # The other way round each pixel is as wrong as can be.
  got = losses.contrast(((same, -matched),), mask, margin=1.5)
  assert float(got) == pytest.approx(2**2 + 1.5**2, rel=1e-2)


def test_beyond_the_margin_nothing_is_pushed():
  mask = FULL

  def push(margin):
    return float(losses.contrast(FEATURES[:1], mask, margin=margin))

  distances = plain_contrast(FEATURES[:1], EMPTY, 0.0)  # squares of them
  assert push(1e-6) < 1e-10
  assert push(0.5) < push(1.0) < push(2.0)
  assert push(2.0) > 0
  assert distances > 0
  gradient = jax.grad(
    lambda matched: losses.contrast(
      ((FEATURES[0][0], matched),), mask, margin=0.2
    )
  )(FEATURES[0][1])
  first, second = FEATURES[0]
  cosine = (first * second).sum(-1) / (
    np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
  )
  far = 1 - cosine > 0.21
  assert far.any()
  assert not np.asarray(gradient)[far].any()
  assert np.abs(np.asarray(gradient)[~far]).max() > 0


def test_cells_that_differ_in_part_count_for_neither():
  test, matched = features((4, 6))[0]
  mask = np.zeros((2, 8, 12), np.float32)
  mask[:, ::2, ::2] = 1  # a quarter of every cell
  gradient = jax.grad(
    lambda t: losses.contrast(((t, matched),), mask, margin=2.0)
  )(test)
  assert not np.asarray(gradient).any()


def test_contrast_does_not_see_the_features_length():
  scaled = tuple((3 * test, 0.5 * matched) for test, matched in FEATURES)
  values = [
    float(losses.contrast(pairs, MASK, margin=0.5))
    for pairs in (FEATURES, scaled)
  ]
  assert values[0] == pytest.approx(values[1], rel=1e-3)


def test_a_network_without_features_has_no_contrast():
  assert float(losses.contrast((), MASK, margin=0.5)) == 0


@pytest.mark.parametrize(
  'mask', [MASK, EMPTY, FULL], ids=['some', 'none', 'all']
)
@pytest.mark.parametrize('kind', ['plain', 'equal', 'zero', 'huge'])
def test_contrast_has_finite_gradients(kind, mask):
  test, matched = {
    'plain': FEATURES[0],
    'equal': (FEATURES[0][0], FEATURES[0][0]),
    'zero': (0 * FEATURES[0][0], 0 * FEATURES[0][0]),
    'huge': (1e6 * FEATURES[0][0], 1e6 * FEATURES[0][1]),
  }[kind]
  value, gradients = jax.value_and_grad(
    lambda pair: losses.contrast((pair,), mask, margin=0.5)
  )((jnp.asarray(test), jnp.asarray(matched)))
  assert np.isfinite(value)
  assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_contrast_jit_equals_eager():
  eager = losses.contrast(FEATURES, MASK, margin=0.5)
  jitted = jax.jit(lambda f, m: losses.contrast(f, m, margin=0.5))(
    FEATURES, MASK
  )
  assert float(jitted) == pytest.approx(float(eager), rel=1e-5)


# --- The weighted sum -------------------------------------------------------


def test_the_total_is_the_weighted_sum_of_terms_by_name():
  weights = dict(balanced_bce=1.0, focal=0.5, dice=0.25, contrast=0.125)
  loss = losses.build_loss(config(**weights))
  total, terms = jax.jit(loss)(Prediction(LOGITS, FEATURES), MASK)
  assert set(terms) == set(weights)
  expected = sum(weights[name] * float(terms[name]) for name in weights)
  assert float(total) == pytest.approx(expected, rel=1e-5)
  margin = default.get_loss().contrast_margin
  gamma = default.get_loss().focal_gamma
  assert float(terms['balanced_bce']) == pytest.approx(
    float(losses.balanced_bce(LOGITS, MASK)), rel=1e-5
  )
  assert float(terms['focal']) == pytest.approx(
    float(losses.focal(LOGITS, MASK, gamma=gamma)), rel=1e-5
  )
  assert float(terms['dice']) == pytest.approx(
    float(losses.dice(LOGITS, MASK)), rel=1e-5
  )
  assert float(terms['contrast']) == pytest.approx(
    float(losses.contrast(FEATURES, MASK, margin=margin)), rel=1e-5
  )


@pytest.mark.parametrize('name', ['balanced_bce', 'focal', 'dice', 'contrast'])
def test_a_term_alone(name):
  loss = losses.build_loss(config(**{name: 2.0}))
  total, terms = loss(Prediction(LOGITS, FEATURES), MASK)
  assert list(terms) == [name]
  assert float(total) == pytest.approx(2 * float(terms[name]))


def test_smoothed_labels_want_less_than_certainty():
  certain = Prediction(jnp.asarray(30 * (2 * MASK - 1)), ())
  wanted = Prediction(jnp.asarray(math.log(19.0) * (2 * MASK - 1)), ())
  loss = losses.build_loss(
    config(focal=1.0, focal_gamma=0.0, label_smoothing=0.05)
  )
  assert float(loss(wanted, MASK)[0]) < float(loss(certain, MASK)[0])
  gradient = jax.grad(lambda p: loss(p, MASK)[0])(wanted).logits
  assert np.abs(gradient).max() < 1e-6


@pytest.mark.parametrize(
  'weights',
  [
    {},
    dict(dice=-1.0),
    dict(dice=1.0, balanced_bce=-0.5),
  ],
)
def test_weights_that_make_no_sense(weights):
  with pytest.raises(ValueError, match='loss weights are'):
    losses.build_loss(config(**weights))


# --- A batch that is spread over devices -------------------------------------


def one_of_each(num_pairs):
  """Predictions and labels in which every term finds something to do."""
  random = np.random.default_rng(5)

  def normal(*shape):
    return random.normal(size=(num_pairs, *shape)).astype(np.float32)

  # The pairs differ in how much there is of everything.
  share = np.linspace(0, 0.8, num_pairs)[:, None, None]
  mask = (random.random((num_pairs, 8, 12)) < share).astype(np.float32)
  scales = [
    (normal(*shape), normal(*shape)) for shape in [(4, 6, 5), (2, 3, 5)]
  ]
  known = labels(
    random.integers(-1, 3, mask.shape), mask * random.random(mask.shape), 0.7
  )
  known = known._replace(
    weight=(random.random(mask.shape) < 0.8).astype(np.float32)
  )
  prediction = Prediction(
    3 * normal(8, 12), tuple(scales), normal(8, 12, 3), normal(8, 12, 4)
  )
  return prediction, mask, known


ALL_TERMS = dict(
  balanced_bce=1.0, focal=0.5, dice=0.5, contrast=0.3, kinds=0.4, sides=0.2
)


@pytest.mark.parametrize('num_devices', [1, 2, 4])
@pytest.mark.parametrize('name', [*ALL_TERMS, 'all'])
def test_devices_get_terms_and_gradient_of_the_whole_batch(name, num_devices):
  weights = ALL_TERMS if name == 'all' else {name: 1.0}
  loss = losses.build_loss(config(**weights))
  batch = one_of_each(8)
  # Parameters that all pairs share: something to add to each prediction.
  params = jax.tree.map(lambda x: 0.1 * x[0] - 0.05, batch[0])

  def objective(params, batch, **across):
    prediction, mask, known = batch
    moved = jax.tree.map(jnp.add, prediction, params)
    return loss(moved, mask, known, **across)

  def replica(params, batch):
    results, gradient = jax.value_and_grad(objective, has_aux=True)(
      params, batch, sum_across=functools.partial(jax.lax.psum, axis_name=AXIS)
    )
    return results, jax.lax.pmean(gradient, AXIS)

  expected = jax.jit(jax.value_and_grad(objective, has_aux=True))(params, batch)
  split = jax.tree.map(
    lambda x: x.reshape(num_devices, -1, *x.shape[1:]), batch
  )
  got = jax.pmap(
    replica,
    axis_name=AXIS,
    in_axes=(None, 0),
    devices=jax.devices()[:num_devices],
  )(params, split)
  assert set(expected[0][1]) == set(weights)
  assert max(np.abs(x).max() for x in jax.tree.leaves(expected[1])) > 1e-4
  for a, b in zip(jax.tree.leaves(expected), jax.tree.leaves(got), strict=True):
    assert b.shape == (num_devices, *a.shape)
    scale = np.abs(a).max()
    np.testing.assert_allclose(
      b, np.stack([a] * num_devices), atol=2e-6 * scale
    )
    # Bit for bit among the replicas, or their parameters would drift apart.
    assert len({bytes(np.asarray(x)) for x in b}) == 1


# --- Pixels that are left out ------------------------------------------------


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


def test_contrast_neither_pulls_nor_pushes_where_the_mask_is_open():
  test, matched = FEATURES[0]
  nothing = losses.contrast(
    ((test, matched),), EMPTY, np.zeros_like(MASK), margin=0.5
  )
  assert float(nothing) == 0
  assert float(losses.contrast(((test, matched),), EMPTY, margin=0.5)) > 0


# --- The pair head -----------------------------------------------------------


def labels(kind, share, box_deltas=0.0, upright=1.0):
  shape = np.shape(kind)
  return Labels(
    weight=np.ones(shape, np.float32),
    kind=np.asarray(kind, np.int32),
    box_deltas=np.broadcast_to(np.float32(box_deltas), (*shape, 4)),
    share=np.asarray(share, np.float32),
    upright=np.full(shape, upright, np.float32),
  )


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
