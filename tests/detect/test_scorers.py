"""The network and the classical baseline as detectors."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.detect.test_detector import plain_score, scene, with_defect
from tests.model import parts
from zeroshot.data.pictures import as_image, as_uint8
from zeroshot.detect import classical, detector, scorers
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.model.build import build_model


@functools.cache
def built(**changes):
  config = default.get_config().detect
  config.registration = 'none'
  config.update(changes)
  _, parameters = parts.siamese()
  scorer = scorers.network_scorer(parts.config(), parameters)
  return detector.build_detector(scorer, config)


@pytest.mark.parametrize(('height', 'width'), [(101, 67), (64, 120)])
def test_the_network_s_scores_are_probabilities_of_the_picture_s_size(
  height, width
):
  reference, test = scene(height, width), scene(height, width, seed=1)
  head_maps = built()(reference, test)
  assert isinstance(head_maps.scores, np.ndarray)
  assert head_maps.scores.shape == (height, width)
  assert head_maps.scores.dtype == np.float32
  assert 0 < head_maps.scores.min() < head_maps.scores.max() < 1


def test_tiles_of_the_network_equal_the_whole():
  """With an overlap of four times the network's reach."""
  reference, test = scene(16, 640), scene(16, 640, seed=1)
  whole = built()(reference, test).scores
  tiled = built(tile_px=448, tile_overlap_px=320)(reference, test).scores
  np.testing.assert_allclose(tiled, whole, atol=1e-3)
  assert whole.std() > 1e-2


@pytest.mark.slow
def test_tiles_of_the_default_network_equal_the_whole():
  """With random parameters, whose reach exceeds that of trained ones."""
  config = default.get_config()
  config.detect.registration = 'none'
  model = build_model(config.model)
  blank = jnp.zeros((1, 32, 32, 3))
  parameters = jax.jit(model.init)(jax.random.key(0), blank, blank)['params']
  reference, test = scene(64, 1152), scene(64, 1152, seed=1)

  def scores(tile_px, overlap_px):
    config.detect.tile_px = tile_px
    config.detect.tile_overlap_px = overlap_px
    scorer = scorers.network_scorer(config.model, parameters)
    find = detector.build_detector(scorer, config.detect)
    return find(reference, test).scores

  whole = scores(1152, 0)
  np.testing.assert_allclose(scores(832, 576), whole, atol=1e-3)
  # The default's overlap is for speed: nearly everywhere the same.
  own = default.get_detect().tile_overlap_px
  assert np.abs(scores(640, own) - whole).mean() < 5e-3


def test_every_setting_reaches_the_boxes():
  reference, test = scene(60, 60), scene(60, 60, seed=1)
  scores = built()(reference, test).scores
  lowest = built(threshold=float(scores.min()) - 1e-3)
  np.testing.assert_array_equal(
    lowest(reference, test).boxes.xyxy, [[0, 0, 60, 60]]
  )
  highest = built(threshold=float(scores.max()) + 1e-3)
  assert len(highest(reference, test).boxes.xyxy) == 0
  sure = built(threshold=float(scores.min()) - 1e-3, min_confidence=1.0)
  assert len(sure(reference, test).boxes.xyxy) == 0
  large = built(threshold=float(scores.min()) - 1e-3, min_area_px=3601.0)
  assert len(large(reference, test).boxes.xyxy) == 0


def test_the_network_s_cells_decide_where_tiles_start():
  _, parameters = parts.siamese()
  scorer = scorers.network_scorer(parts.config(), parameters)
  assert scorer.stride_px == build_model(parts.config()).stride == 8


def test_a_calibration_reaches_the_boxes():
  reference, test = scene(60, 60), scene(60, 60, seed=1)
  calibration = Calibration(slope=0.5, offset=2.0, threshold=0.5)
  config = default.get_config()
  config.detect.registration = 'none'
  scorer = scorers.Scorer(plain_score, stride_px=1)
  plain = detector.build_detector(scorer, config.detect)(reference, test)
  find = detector.build_detector(scorer, config.detect, calibration)
  assert len(plain.boxes.confidence) > 0
  np.testing.assert_array_equal(
    find(reference, test).boxes.confidence,
    apply_calibration(plain.boxes.confidence, calibration),
  )


@pytest.mark.parametrize('kind', ['network', 'classical'])
def test_uint8_is_the_same_picture(kind):
  if kind == 'network':
    _, parameters = parts.siamese()
    scorer = scorers.network_scorer(parts.config(), parameters)
  else:
    config = default.get_config().classical.scores
    scorer = scorers.classical_scorer(config)
  pair = [np.rint(255 * scene(60, 70, seed=seed)) for seed in range(2)]
  scores = scorer.score(*(picture.astype(np.uint8) for picture in pair))
  expected = scorer.score(*(np.float32(picture / 255) for picture in pair))
  assert scores.dtype == expected.dtype == np.float32
  assert expected.std() > 1e-3
  np.testing.assert_allclose(scores, expected, atol=1e-5)


@pytest.mark.parametrize('tile_px', [1024, 64])
def test_the_classical_baseline_is_a_detector_too(tile_px):
  config = default.get_config()
  config.detect.update(registration='none', tile_px=tile_px, tile_overlap_px=32)
  config.classical.scores.match_lighting = False
  find = detector.build_detector(
    scorers.classical_scorer(config.classical.scores), config.detect
  )
  reference = scene(90, 150)
  assert len(find(reference, reference.copy()).boxes.xyxy) == 0
  test = with_defect(reference, 40, 60, 12, 14)
  result = find(reference, test)
  expected = classical.classical_scores(
    *(as_image(as_uint8(picture)) for picture in (reference, test)),
    **config.classical.scores.to_dict(),
  )
  np.testing.assert_allclose(result.scores, expected, atol=1e-6)
  (box,) = result.boxes.xyxy
  assert np.abs(box - [60, 40, 74, 52]).max() <= 2
