"""Pixel metrics."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import pixel


def plain_auroc(scores, masks):
  """The share of pairs that are ranked right; ties count half."""
  positive, negative = scores[masks == 1], scores[masks == 0]
  more = positive[:, None] > negative
  same = positive[:, None] == negative
  return float((more + 0.5 * same).mean())


def random_maps(seed=0):
  random = np.random.default_rng(seed)
  masks = (random.random((3, 8, 8)) < 0.3).astype(np.float32)
  scores = np.round(random.random(masks.shape) + 0.4 * masks, 1)
  return scores, masks


def test_agrees_with_counting_pairs():
  scores, masks = random_maps()
  metrics = pixel.pixel_metrics(scores, masks)
  assert metrics.auroc == pytest.approx(plain_auroc(scores, masks))
  assert metrics.num_pixels == 192
  assert 0.3 < metrics.ap < 1


def test_perfect_and_inverted():
  _, masks = random_maps()
  assert pixel.pixel_metrics(masks, masks) == (1, 1, 192)
  assert pixel.pixel_metrics(-masks, masks).auroc == 0


@pytest.mark.parametrize('value', [0, 1])
def test_one_class_is_undefined(value):
  metrics = pixel.pixel_metrics(np.ones((2, 3)), np.full((2, 3), value))
  assert np.isnan([metrics.auroc, metrics.ap]).all()


def test_invalid_pixels_do_not_count():
  scores, masks = random_maps()
  valid = np.ones_like(masks)
  valid[0] = 0
  left = pixel.pixel_metrics(scores[1:], masks[1:])
  spoilt = scores.copy()
  spoilt[0] = np.nan
  assert pixel.pixel_metrics(spoilt, masks, valid=valid) == left
  nothing = pixel.pixel_metrics(scores, masks, valid=0 * valid)
  assert nothing.num_pixels == 0
  assert np.isnan(nothing.ap)


def test_bad_input_is_refused():
  scores, masks = random_maps()
  with pytest.raises(ValueError, match='differ in shape'):
    pixel.pixel_metrics(scores[1:], masks)
  with pytest.raises(ValueError, match='not finite'):
    pixel.pixel_metrics(scores * np.nan, masks)
  with pytest.raises(ValueError, match='other than 0 and 1'):
    pixel.pixel_metrics(scores, masks * 255)
