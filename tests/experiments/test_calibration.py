"""The whole calibration, but for the network and the synthetic pairs."""

from __future__ import annotations

import numpy as np
import pytest

from configs import smoke
from tests import samples
from tests.experiments.uncalibrated import plain_scorer, simulated, weights
from zeroshot.data import pictures
from zeroshot.detect import detector, scorers
from zeroshot.detect.calibration import Calibration, fit, from_plain
from zeroshot.evaluate import defect_free
from zeroshot.evaluate.retakes import RetakeRanges
from zeroshot.experiments import calibration


def touch(folder, *names):
  for name in names:
    (folder / name).write_bytes(b'?')


def test_references_are_listed_once_and_sorted(tmp_path):
  touch(tmp_path, 'b.png', 'a.png', 'c.jpg', 'd.txt')
  listed = calibration.list_references(
    f'{tmp_path}/*.png,{tmp_path}/c.jpg,{tmp_path}/a.*'
  )
  assert listed == [tmp_path / name for name in ('a.png', 'b.png', 'c.jpg')]


@pytest.mark.parametrize('patterns', ['{0}/*.tif', '{0}/*.png,{0}/*.tif', ''])
def test_a_pattern_that_matches_nothing_is_named(tmp_path, patterns):
  touch(tmp_path, 'a.png')
  patterns = patterns.format(tmp_path)
  with pytest.raises(ValueError, match='matches no file; quote') as raised:
    calibration.list_references(patterns)
  assert repr(patterns.split(',')[-1]) in str(raised.value)


def test_what_would_fail_at_the_end_is_refused_first(tmp_path):
  settings = smoke.get_config()
  settings.calibrate.update(takes=2, false_boxes_per_pair=0.02)
  enough, few = [tmp_path / 'a.png'] * 25, [tmp_path / 'a.png'] * 24
  calibration.check(settings, enough)
  with pytest.raises(ValueError, match='24 pictures taken 2 times'):
    calibration.check(settings, few)
  calibration.check_out(tmp_path / 'w.safetensors')
  with pytest.raises(ValueError, match='its folder does not exist'):
    calibration.check_out(tmp_path / 'no' / 'w.safetensors')


def test_unsure_boxes_count_whatever_is_hidden_from_users(config, references):
  plain = calibration.calibrate(config, weights(config), references)
  config.detect.min_confidence = 0.9
  assert calibration.calibrate(config, weights(config), references) == plain
  assert config.detect.min_confidence == 0.9


def test_slope_and_offset_are_fitted_on_synthetic_pairs(config, references):
  stored = calibration.calibrate(config, weights(config), references)
  expected = fit(*simulated())
  assert (stored['slope'], stored['offset']) == expected
  assert expected == pytest.approx((2.0, -1.0), abs=0.2)
  assert stored['synthetic_boxes'] == 4000
  assert stored['synthetic_precision'] == simulated()[1].mean()


def test_all_bad_references_are_named_first(
  config, references, tmp_path, monkeypatch
):
  monkeypatch.setattr(calibration, 'judge_synthetic', None)  # not reached
  bad = samples.write_all_bad(tmp_path)
  with pytest.raises(ValueError, match=f'^{len(bad)} faults: ') as caught:
    calibration.calibrate(config, weights(config), [*references, *bad])
  assert all(words in str(caught.value) for words in samples.BAD.values())


def test_the_threshold_is_chosen_on_calibrated_retakes(config, references):
  stored = calibration.calibrate(config, weights(config), references)
  images = [pictures.read_picture(path) for path in references for _ in '123']
  fitted = from_plain(stored)
  retakes = defect_free.false_confidences(
    images,
    detector.build_detector(
      scorers.network_scorer(None, None), config.detect, fitted
    ),
    seed=config.seed,
    ranges=RetakeRanges(**config.eval.second_take),
  )
  assert stored['defect_free_pairs'] == len(retakes) == 15
  assert stored['threshold'] == defect_free.threshold_for(
    retakes, false_boxes_per_pair=0.4
  )
  assert 0 < stored['threshold'] < 1
  assert stored['false_boxes_per_pair'] == pytest.approx(0.4)  # 6 of 15
  every_box = defect_free.false_boxes_per_pair(retakes, threshold=0.0)
  assert every_box > 0.4


def test_an_old_calibration_is_replaced_and_not_stacked(config, references):
  plain = calibration.calibrate(config, weights(config), references)
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  again = calibration.calibrate(config, weights(config, old), references)
  assert again == plain


def test_synthetic_boxes_are_judged_uncalibrated(monkeypatch):
  arguments = {}

  def judge_boxes(detect, bank, **settings):
    arguments.update(settings, detect=detect, bank=bank)
    return 'judged'

  monkeypatch.setattr(calibration, 'judge_boxes', judge_boxes)
  monkeypatch.setattr(scorers, 'network_scorer', plain_scorer)
  config = smoke.get_config()
  config.detect.registration = 'none'
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  assert calibration.judge_synthetic(config, weights(config, old)) == 'judged'
  assert arguments['num_pairs'] == config.calibrate.synthetic_pairs
  assert (arguments['bank'], arguments['seed']) == (None, config.seed)
  reference = np.full((20, 20, 3), 0.25, np.float32)
  detection = arguments['detect'](reference, reference + np.float32(0.5))
  np.testing.assert_allclose(detection.boxes.confidence, [0.5], atol=1 / 255)


def test_too_few_references_are_refused(config, references):
  config.calibrate.update(takes=1, false_boxes_per_pair=0.02)
  with pytest.raises(ValueError, match='5 defect-free pairs cannot show'):
    calibration.calibrate(config, weights(config), references)


def test_the_settings_of_detection_go_with_the_threshold(config):
  old = weights(smoke.get_config())
  config.detect.registration = 'affine'
  stored = calibration.with_calibration(config, old, {'threshold': 0.5})
  assert stored.calibration == {'threshold': 0.5}
  assert stored.config['detect']['registration'] == 'affine'
  assert stored.config['model'] == old.config['model']
  assert old.config['detect']['registration'] == 'homography'
