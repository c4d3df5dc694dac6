"""Tolerance-aware differencing: true and false differences, and their place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.detect import classical

DEFAULTS = dict(
  tolerance_px=2.0,
  smooth_px=0.5,
  window_px=9,
  min_change=0.1,
  match_lighting=True,
)


def score(reference, test, **changes):
  return classical.classical_scores(reference, test, **{**DEFAULTS, **changes})


def noise(height=48, width=64, seed=0):
  return np.random.default_rng(seed).random((height, width, 3), np.float32)


def board(height=96, width=128, shift_px=0):
  """Black traces 7 px wide on white, and a pad."""
  image = np.ones((height, width, 3), np.float32)
  for y in range(10, height, 24):
    image[y + shift_px : y + 7 + shift_px] = 0
  image[60 + shift_px : 80 + shift_px, 40:62] = 0
  return image


def paint(image, y, x, size, value):
  image = image.copy()
  image[y : y + size, x : x + size] = value
  return image


def excess_by_loop(reference, test, radius):
  """The definition, pixel by pixel."""
  height, width, _ = test.shape
  excess = np.zeros((height, width), np.float32)
  for y in range(height):
    for x in range(width):
      near = [
        (v, u)
        for v in range(height)
        for u in range(width)
        if (v - y) ** 2 + (u - x) ** 2 <= radius**2
      ]
      for one, other in ((reference, test), (test, reference)):
        values = np.stack([other[v, u] for v, u in near])
        outside = np.maximum(
          one[y, x] - values.max(0), values.min(0) - one[y, x]
        )
        excess[y, x] = max(excess[y, x], outside.max())
  return excess


@pytest.mark.parametrize('match_lighting', [False, True])
@pytest.mark.parametrize('min_change', [0.0, 0.1])
@pytest.mark.parametrize(
  'image', [noise(), board(), np.full_like(noise(), 0.3)]
)
def test_equal_pictures_score_exactly_0(image, min_change, match_lighting):
  scores = score(
    image, image.copy(), min_change=min_change, match_lighting=match_lighting
  )
  np.testing.assert_array_equal(scores, 0)


@pytest.mark.parametrize('value', [0.0, 1.0])
def test_a_painted_blob_is_found_where_it_is_and_nowhere_else(value):
  reference = np.full((60, 80, 3), 0.5, np.float32)
  test = paint(reference, 20, 30, 10, value)
  ys, xs = np.nonzero(score(reference, test, smooth_px=0.0))
  assert (ys.min(), ys.max() + 1, xs.min(), xs.max() + 1) == (20, 30, 30, 40)
  scores = score(reference, test)
  assert scores[22:28, 32:38].min() > 0.3
  scores[18:32, 28:42] = 0  # as far as the smoothing reaches
  assert scores.max() == 0


@pytest.mark.parametrize('radius', [0.0, 1.0, 1.5, 2.0])
def test_bare_scores_are_the_change_beyond_the_tolerance(radius):
  reference, test = noise(9, 7), noise(9, 7, seed=1)
  scores = score(
    reference,
    test,
    tolerance_px=radius,
    smooth_px=0.0,
    window_px=1,
    min_change=0.0,
    match_lighting=False,
  )
  expected = np.maximum(excess_by_loop(reference, test, radius), 0)
  assert expected.max() > 0.05
  np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_an_edge_may_move_within_the_tolerance_and_no_farther():
  within = score(board(), board(shift_px=2))
  beyond = score(board(), board(shift_px=4))
  assert within.max() < 1e-3
  assert beyond.max() > 0.3


@pytest.mark.parametrize('tolerance_px', [0.0, 1.5, 2.3])
def test_swapped_pictures_score_the_same(tolerance_px):
  one, other = noise(), noise(seed=1)
  forth, back = (
    score(*pair, tolerance_px=tolerance_px, match_lighting=False, min_change=0)
    for pair in ((one, other), (other, one))
  )
  assert forth.max() > 0.05
  np.testing.assert_array_equal(forth, back)


@pytest.mark.parametrize('value', [0.0, 1.0])
@pytest.mark.parametrize('swap', [False, True])
def test_what_is_thinner_than_the_tolerance_is_found_either_way(value, swap):
  good = np.full((50, 50, 3), 1 - value, np.float32)
  changed = paint(good, 20, 20, 3, value)
  pair = (changed, good) if swap else (good, changed)
  scores = score(*pair)
  assert np.unravel_index(scores.argmax(), scores.shape) == (21, 21)
  assert scores.max() > 0.2


@pytest.mark.parametrize('channel', [0, 1, 2])
def test_a_change_of_one_channel_is_found(channel):
  reference = np.full((40, 50, 3), 0.5, np.float32)
  test = reference.copy()
  test[10:20, 25:35, channel] = 0.9
  assert score(reference, test)[12:18, 27:33].min() > 0.2


def test_a_change_of_colour_that_leaves_the_grey_is_found():
  reference = np.full((40, 50, 3), 0.5, np.float32)
  test = reference.copy()
  test[10:20, 25:35] = (0.8, 0.2, 0.5)
  np.testing.assert_allclose(reference.mean(-1), test.mean(-1), atol=1e-6)
  assert score(reference, test)[12:18, 27:33].min() > 0.15


def test_large_and_strong_changes_rank_above_specks_and_faint_ones():
  reference = np.full((60, 120, 3), 0.2, np.float32)
  test = paint(reference, 20, 10, 9, 1.0)
  test = paint(test, 20, 50, 2, 1.0)
  test = paint(test, 20, 90, 9, 0.5)
  scores = score(reference, test)
  large, speck, faint = (scores[:, x : x + 40].max() for x in (0, 40, 80))
  assert large > 2 * speck > 0
  assert large > 2 * faint > 0


def test_min_change_is_where_a_change_begins():
  reference = np.full((30, 30, 3), 0.5, np.float32)
  test = paint(reference, 10, 10, 8, 0.7)
  assert score(reference, test, min_change=0.21).max() == 0
  assert score(reference, test, min_change=0.19).max() > 0.005


def test_smoothing_weakens_a_speck_more_than_a_patch():
  reference = np.zeros((40, 80, 3), np.float32)
  test = paint(paint(reference, 20, 20, 1, 1.0), 15, 50, 11, 1.0)

  def ratio(smooth_px):
    scores = score(reference, test, smooth_px=smooth_px)
    return scores[:, :35].max() / scores[:, 35:].max()

  assert 0 < ratio(1.0) < 0.7 * ratio(0.0)


@pytest.mark.parametrize(('gain', 'offset'), [(0.6, 0.1), (0.7, 0.3)])
@pytest.mark.parametrize('image', [noise(96, 128), board()])
def test_another_lighting_does_not_fire_but_the_defect_does(
  image, gain, offset
):
  test = paint(image * np.float32(gain) + np.float32(offset), 30, 50, 20, 0.9)
  matched, plain = (
    score(image, test, tolerance_px=0.0, match_lighting=match)
    for match in (True, False)
  )
  away = np.ones(matched.shape, bool)
  away[24:56, 44:76] = False
  assert matched[away].max() < 0.02
  assert plain[away].max() > 0.05
  assert matched[35:45, 55:65].mean() > 0.15


@pytest.mark.parametrize('lift', [0.1, 0.2, -0.1])
def test_what_is_over_or_underexposed_does_not_fire(lift):
  image = noise(96, 128)
  test = np.clip((image - 0.5) * 1.3 + 0.5 + lift, 0, 1).astype(np.float32)
  assert np.mean((test == 0) | (test == 1)) > 0.01
  assert score(image, test, min_change=0.1).max() < 0.05


def test_a_defect_on_a_flat_picture_is_not_taken_for_lighting():
  reference = np.ones((60, 80, 3), np.float32)
  scores = score(reference, paint(reference, 20, 30, 20, 0.0))
  assert scores[:15].max() == 0
  assert scores[25:35, 35:45].min() > 0.8


def test_few_dark_pixels_keep_their_contrast():
  reference = np.ones((80, 80, 3), np.float32)
  reference[20:28, 10:70] = 0  # less than a fifth of the picture
  expected = reference * 0.7 + 0.1
  # They fit worst of all, and still tell the gain.
  signs = np.random.default_rng(0).choice([-1, 1], reference.shape)
  error = np.where(reference > 0.5, 0.002, 0.05) * signs
  test = (expected + error).astype(np.float32)
  lit = classical.with_lighting_of(test, reference)
  np.testing.assert_allclose(lit, expected, atol=0.03)


def test_a_full_change_scores_1_and_no_more():
  reference = np.linspace(0.25, 0.75, 80 * 80, dtype=np.float32)
  reference = np.repeat(reference.reshape(80, 80, 1), 3, axis=2)
  test = 2 * reference - 0.5
  reference[30:50, 30:50] = 1  # in the other lighting, brighter than white
  test[30:50, 30:50] = 0
  assert classical.with_lighting_of(test, reference).max() > 1.2
  assert score(reference, test).max() == 1
  plain = score(np.zeros_like(test), np.ones_like(test), match_lighting=False)
  np.testing.assert_allclose(plain[10:70, 10:70], 1, atol=1e-5)


@pytest.mark.parametrize(
  'shape', [(1, 1), (1, 9), (7, 1), (3, 5), (33, 47), (64, 64)]
)
def test_any_size_gives_finite_scores_in_range(shape):
  scores = score(noise(*shape), 1 - noise(*shape, seed=1), tolerance_px=0.0)
  assert scores.shape == shape
  assert scores.dtype == np.float32
  assert 0 <= scores.min() <= scores.max() <= 1
  opposite = score(
    np.zeros((*shape, 3), np.float32),
    np.ones((*shape, 3), np.float32),
    match_lighting=False,
  )
  assert 0.05 < opposite.max() <= 1


def test_a_change_at_the_border_ranks_no_higher_than_inside():
  reference = np.zeros((60, 60, 3), np.float32)
  inside = score(reference, paint(reference, 20, 20, 4, 1.0)).max()
  corner = score(reference, paint(reference, 0, 0, 4, 1.0)).max()
  assert 0 < corner <= inside


def test_mirrored_pictures_give_mirrored_scores():
  reference = board()
  test = paint(cv2.blur(reference, (3, 3)), 30, 70, 6, 0.0)
  scores = score(reference, test)
  mirrored = score(
    np.ascontiguousarray(reference[:, ::-1]),
    np.ascontiguousarray(test[:, ::-1]),
  )
  assert scores.max() > 0.2
  np.testing.assert_allclose(mirrored[:, ::-1], scores, atol=1e-4)


def test_the_pictures_are_left_as_they_were():
  reference, test = noise(), noise(seed=1)
  kept = reference.copy(), test.copy()
  score(reference, test)
  np.testing.assert_array_equal(reference, kept[0])
  np.testing.assert_array_equal(test, kept[1])


@pytest.mark.parametrize(
  ('name', 'value'),
  [
    ('tolerance_px', -1.0),
    ('tolerance_px', float('nan')),
    ('tolerance_px', float('inf')),
    ('smooth_px', -0.5),
    ('smooth_px', float('nan')),
    ('window_px', 0),
    ('window_px', 8),
    ('min_change', -0.1),
    ('min_change', 1.0),
    ('min_change', float('nan')),
  ],
)
def test_a_setting_out_of_range_is_named(name, value):
  with pytest.raises(ValueError, match=name):
    score(noise(), noise(), **{name: value})


def test_pictures_that_do_not_fit_are_refused():
  with pytest.raises(ValueError, match='test picture is float64'):
    score(noise(8, 8), noise(8, 8).astype(np.float64))
