"""Loading from one source of weights, and building its detector."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from configs import default, photographs
from tests.experiments.uncalibrated import plain_scorer
from zeroshot.data.pictures import as_image, as_uint8
from zeroshot.detect import scorers
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.detect.classical import classical_scores
from zeroshot.evaluate.retakes import RetakeRanges
from zeroshot.experiments import loading
from zeroshot.model.build import build_model
from zeroshot.run_config import compatibility
from zeroshot.weights import files

DIFFERENCE = (191 - 64) / 255  # of ``pair``, which is rounded to 8 bits
CALIBRATION = Calibration(slope=0.5, offset=2.0, threshold=0.75)


def config(**changes):
  """The default, without registration."""
  result = default.get_config()
  result.detect.registration = 'none'
  result.update_from_flattened_dict(changes)
  return result


def pair():
  """A defect of half the brightness on a flat picture."""
  reference = np.full((60, 80, 3), 0.25, np.float32)
  test = reference.copy()
  test[20:32, 30:44] = 0.75
  return reference, test


@pytest.fixture
def plain_network(monkeypatch):
  """Stands in for the network: the difference, times its parameter."""

  def scorer(model_config, parameters):
    del model_config
    plain = plain_scorer()
    return scorers.Scorer(
      lambda *pair: parameters['weight'] * plain.score(*pair), 1
    )

  monkeypatch.setattr(scorers, 'network_scorer', scorer)


def weights(calibration=None, weight=1.0):
  return files.Weights(
    {'weight': np.float32(weight)},
    compatibility.plain_config(default.get_config()),
    7,
    calibration and calibration._asdict(),
  )


@pytest.mark.parametrize(
  ('workdir', 'name'), [(None, None), ('runs/mine', 'default')]
)
def test_exactly_one_source_is_wanted(workdir, name):
  with pytest.raises(ValueError, match='either --workdir=DIR or --weights'):
    loading.load(config(), workdir=workdir, weights=name)


def test_the_baseline_has_no_parameters():
  loaded = loading.load(config(), workdir=None, weights='classical')
  assert loaded.parameters is None
  assert (loaded.step, loaded.calibration) == (0, None)
  assert loaded.config == compatibility.plain_config(config())


@pytest.mark.parametrize('calibration', [None, CALIBRATION])
def test_a_weights_file_is_read(tmp_path, calibration):
  file = tmp_path / 'w.safetensors'
  files.save(file, weights(calibration, weight=3))
  loaded = loading.load(config(), workdir=None, weights=str(file))
  assert loaded.parameters == {'weight': 3}
  assert loaded.step == 7
  assert loaded.calibration == (calibration and calibration._asdict())


def test_weights_bring_their_model(tmp_path):
  file = tmp_path / 'w.safetensors'
  files.save(file, weights())
  other = config(**{'model.match_support': 0, 'model.widths': (8, 8)})
  loading.load(other, workdir=None, weights=str(file))
  assert other.model == default.get_config().model


def test_what_is_asked_otherwise_is_refused(tmp_path, monkeypatch):
  file = tmp_path / 'w.safetensors'
  files.save(file, weights())
  asked = {'model.match_support', 'detect.threshold'}
  monkeypatch.setattr(loading, '_overridden', lambda: asked)
  loading.load(config(), workdir=None, weights=str(file))
  other = config(**{'model.match_support': 0})
  with pytest.raises(
    ValueError, match=r'model\.match_support was 1 and is now 0'
  ):
    loading.load(other, workdir=None, weights=str(file))


def test_a_run_of_another_network_is_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(loading.runs, 'newest_step', lambda workdir: 7)
  monkeypatch.setattr(
    loading.runs, 'load_parameters', lambda workdir, step: weights()[:3]
  )
  other = config(**{'model.match_support': 0})
  with pytest.raises(ValueError, match=r'model\.match_support was 1'):
    loading.load(other, workdir=str(tmp_path), weights=None)


def test_no_such_weights():
  with pytest.raises(ValueError, match='no weights file none'):
    loading.load(config(), workdir=None, weights='none')


def test_the_network_s_detector_has_the_settings_of_detect(plain_network):
  detection = loading.build_detector(config(), weights())(*pair())
  np.testing.assert_array_equal(detection.boxes.xyxy, [[30, 20, 44, 32]])
  np.testing.assert_allclose(detection.boxes.confidence, [DIFFERENCE])
  strict = config(**{'detect.threshold': 0.6})
  assert not loading.build_detector(strict, weights())(*pair()).boxes.kind
  stronger = loading.build_detector(strict, weights(weight=1.5))(*pair())
  assert len(stronger.boxes.kind) == 1


def test_a_stored_calibration_is_used(plain_network):
  detection = loading.build_detector(config(), weights(CALIBRATION))(*pair())
  expected = apply_calibration(np.array([DIFFERENCE]), CALIBRATION)
  assert expected[0] > 0.8
  np.testing.assert_allclose(detection.boxes.confidence, expected, rtol=1e-6)


def baseline(**changes):
  changed = config(**changes)
  loaded = loading.load(changed, workdir=None, weights='classical')
  return loading.build_detector(changed, loaded)(*pair())


def test_the_baseline_s_detector_scores_without_a_network():
  detection = baseline()
  rounded = (as_image(as_uint8(picture)) for picture in pair())
  expected = classical_scores(*rounded, **config().classical.scores.to_dict())
  np.testing.assert_allclose(detection.scores, expected, atol=1e-6)
  assert detection.scores.max() > 0.2


@pytest.mark.parametrize(
  'changes',
  [
    {'classical.detect.threshold': 0.9},
    {'classical.detect.min_area_px': 1000.0},
    {'classical.scores.min_change': 0.6},
    {'detect.min_confidence': 0.9},
  ],
)
def test_the_baseline_has_settings_of_its_own(changes):
  assert len(baseline().boxes.kind) == 1
  assert len(baseline(**changes).boxes.kind) == 0


def test_the_baseline_s_settings_stand_instead_of_the_network_s():
  plain = baseline()
  (box,) = plain.boxes.xyxy
  others = baseline(**{'detect.threshold': 0.99, 'detect.min_area_px': 1e4})
  np.testing.assert_array_equal(others.boxes.xyxy, [box])
  wider = baseline(**{'detect.box_margin_px': 5.0})  # this one they share
  np.testing.assert_allclose(wider.boxes.xyxy - box, [[-5, -5, 5, 5]])
  # And the config is left as it was.
  changed = config()
  loaded = loading.load(changed, workdir=None, weights='classical')
  loading.build_detector(changed, loaded)
  assert changed.detect == config().detect


def keywords(function):
  return {
    name
    for name, parameter in inspect.signature(function).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY
  }


def test_the_settings_fit_the_functions_that_take_them():
  names = default.get_config()
  assert set(names.classical.scores) == keywords(classical_scores)
  assert set(names.eval.second_take) == set(RetakeRanges._fields)
  assert set(names.classical.detect) < set(names.detect)


def test_a_network_made_before_decoder_depths_is_what_it_was():
  config = photographs.get_config()
  loaded = loading.load(config, workdir=None, weights='procedural')
  assert 'decoder_depths' not in loaded.config['model']
  model = build_model(config.model)
  assert model.decoder_depths == (1,) * len(model.widths)
