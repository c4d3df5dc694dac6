"""SSIM and the absolute difference, as scores."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.detect import baselines


def textured(size=48):
  rng = np.random.default_rng(1)
  noise = cv2.GaussianBlur(rng.random((size, size, 3)), (0, 0), 1.5)
  return ((noise - noise.min()) / np.ptp(noise) * 0.6 + 0.2).astype(np.float32)


def marked(picture):
  changed = picture.copy()
  changed[20:28, 20:28] = 1.0
  return changed


SCORES = {
  'ssim': lambda a, b: baselines.ssim_scores(a, b, window_px=7),
  'absdiff': lambda a, b: baselines.absolute_scores(a, b, match_lighting=False),
}


@pytest.mark.parametrize('name', SCORES)
def test_equal_pictures_do_not_differ(name):
  scores = SCORES[name](textured(), textured())
  assert scores.dtype == np.float32
  assert scores.shape == (48, 48)
  np.testing.assert_allclose(scores, 0.0, atol=1e-5)


@pytest.mark.parametrize('name', SCORES)
def test_a_mark_stands_out_either_way(name):
  good = textured()
  for scores in (
    SCORES[name](good, marked(good)),
    SCORES[name](marked(good), good),
  ):
    assert scores[22:26, 22:26].mean() > 0.3
    assert scores[:12].max() < 0.05
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_similarity_is_that_of_scikit_image():
  from skimage import metrics

  good = textured()
  expected = metrics.structural_similarity(
    good, marked(good), channel_axis=2, data_range=1.0
  )
  scores = baselines.ssim_scores(good, marked(good), window_px=7)
  inner = scores[3:-3, 3:-3]  # what scikit-image averages
  assert 1 - inner.mean() == pytest.approx(expected, abs=0.01)


def test_matched_light_is_no_difference():
  good = textured()
  darker = 0.7 * good
  plain = baselines.absolute_scores(good, darker, match_lighting=False)
  matched = baselines.absolute_scores(good, darker, match_lighting=True)
  assert matched.mean() < 0.2 * plain.mean()


@pytest.mark.parametrize('window_px', [0, 2, 8])
def test_an_even_window_is_refused(window_px):
  with pytest.raises(ValueError, match='odd one, 3 or more'):
    baselines.ssim_scores(textured(), textured(), window_px=window_px)


def test_pictures_below_the_window_are_refused():
  small = textured()[:5]
  with pytest.raises(ValueError, match='48x5 px, less than the window of 7'):
    baselines.ssim_scores(small, small, window_px=7)


def test_without_scikit_image_the_extra_is_named(monkeypatch):
  monkeypatch.setitem(__import__('sys').modules, 'skimage', None)
  with pytest.raises(ValueError, match=r'zeroshot-inspection\[benchmark\]'):
    baselines.ssim_scores(textured(), textured(), window_px=7)
