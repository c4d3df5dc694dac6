from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from tests.train import toy
from zeroshot.train import samples
from zeroshot.train.task import NO_BANK
from zeroshot.types import Pair


def test_a_sheet_shows_each_pair_in_a_row():
  reference = np.zeros((2, 5, 7, 3), np.float32)
  test = np.full((2, 5, 7, 3), 0.5, np.float32)
  mask, scores = np.ones((2, 5, 7)), np.full((2, 5, 7), 0.2)
  reference[1] = (1.0, 0.0, 2.0)  # red and blue, one beyond its range
  sheet = samples.draw_sheet(Pair(reference, test, mask), scores)
  gap = 4
  assert sheet.dtype == np.uint8
  assert sheet.shape == (2 * (5 + gap) + gap, 4 * (7 + gap) + gap, 3)
  row = [sheet[gap + 2, gap + 3 + column * (7 + gap), 0] for column in range(4)]
  assert row == [0, 128, 255, 51]
  assert tuple(sheet[gap + 5 + gap + 2, gap + 3]) == (255, 0, 255)
  assert (sheet[0] == 128).all()
  assert (sheet[:, -1] == 128).all()


def test_pixels_that_are_not_finite_stand_out():
  reference, test = np.zeros((2, 1, 5, 7, 3), np.float32)
  mask, scores = np.zeros((2, 1, 5, 7))
  reference[0, 1, 1, 2], scores[0, 2, 3] = np.inf, np.nan
  sheet = samples.draw_sheet(Pair(reference, test, mask), scores)
  is_marked = (sheet == samples.NOT_FINITE_COLOUR).all(-1)
  expected = [(4 + 1, 4 + 1), (4 + 2, 4 + 3 * (7 + 4) + 3)]
  assert sorted(zip(*np.nonzero(is_marked), strict=True)) == expected


def test_samples_are_the_same_at_each_call_and_scores_are_probabilities():
  picture = jnp.zeros((1, toy.SIZE, toy.SIZE, 3))
  params = toy.Net().init(jax.random.key(0), picture, picture)['params']
  draw = functools.partial(
    samples.draw_samples,
    params,
    NO_BANK,
    synthesise=toy.synthesise,
    apply=toy.Net().apply,
    seed=3,
    count=2,
  )
  pair, scores = draw()
  assert scores.shape == pair.mask.shape == (2, toy.SIZE, toy.SIZE)
  assert 0 <= float(scores.min()) <= float(scores.max()) <= 1
  toy.assert_equal(pair, draw()[0])
