"""The calibration command; test_evaluate.py goes from training to figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from configs import smoke
from launch import calibrate
from tests.data import damage
from zeroshot.data import pictures
from zeroshot.detect import calibration, detector
from zeroshot.detect.calibration import Calibration, calibrated
from zeroshot.evaluate import defect_free
from zeroshot.train import resume
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[2]


def touch(folder, *names):
  for name in names:
    (folder / name).write_bytes(b'?')


def test_references_are_listed_once_and_sorted(tmp_path):
  touch(tmp_path, 'b.png', 'a.png', 'c.jpg', 'd.txt')
  found = calibrate.list_references(
    f'{tmp_path}/*.png,{tmp_path}/c.jpg,{tmp_path}/a.*'
  )
  assert found == [tmp_path / name for name in ('a.png', 'b.png', 'c.jpg')]


@pytest.mark.parametrize('patterns', ['{0}/*.tif', '{0}/*.png,{0}/*.tif', ''])
def test_a_pattern_that_matches_nothing_is_named(tmp_path, patterns):
  touch(tmp_path, 'a.png')
  patterns = patterns.format(tmp_path)
  with pytest.raises(ValueError, match='matches no file; quote') as raised:
    calibrate.list_references(patterns)
  assert repr(patterns.split(',')[-1]) in str(raised.value)


def test_what_would_fail_at_the_end_is_refused_first(tmp_path):
  settings = smoke.get_config()
  settings.calibrate.update(takes=2, false_boxes_per_pair=0.02)
  enough, few = [tmp_path / 'a.png'] * 25, [tmp_path / 'a.png'] * 24
  calibrate.check(settings, enough, tmp_path / 'w.safetensors')
  with pytest.raises(ValueError, match='24 pictures taken 2 times'):
    calibrate.check(settings, few, tmp_path / 'w.safetensors')
  with pytest.raises(ValueError, match='its folder does not exist'):
    calibrate.check(settings, enough, tmp_path / 'no' / 'w.safetensors')


def test_unsure_boxes_count_whatever_is_hidden_from_users(config, references):
  plain = calibrate.calibrate(config, weights(config), references)
  config.detect.min_confidence = 0.9
  assert calibrate.calibrate(config, weights(config), references) == plain
  assert config.detect.min_confidence == 0.9


# --- The whole of it, but for the network and the synthetic pairs -----------

TRUE = Calibration(slope=2.0, offset=-1.0, threshold=0.0)


def simulated(count=4000):
  """Judged boxes whose best calibration is known."""
  random = np.random.default_rng(0)
  score = random.uniform(0.01, 0.99, count)
  return score, random.random(count) < calibrated(score, TRUE)


@pytest.fixture
def references(tmp_path):
  random = np.random.default_rng(0)
  for index in range(5):
    image = random.random((6, 8, 3)).repeat(8, 0).repeat(8, 1)
    pictures.write_picture(tmp_path / f'{index}.png', image)
  return sorted(tmp_path.glob('*.png'))


@pytest.fixture
def config(monkeypatch):
  """With a network that sees the plain difference, and no synthesis."""
  monkeypatch.setattr(
    detector,
    'network_scorer',
    lambda *_: detector.Scorer(lambda one, two: abs(one - two).max(-1), 1),
  )
  monkeypatch.setattr(calibrate, 'judge_synthetic', lambda *_: simulated())
  result = smoke.get_config()
  result.detect.registration = 'none'
  result.detect.threshold = 0.3
  result.eval.second_take.update(shift_px=3.0, rotation_deg=0.0)
  result.calibrate.update(takes=3, false_boxes_per_pair=0.4)
  return result


def weights(config, stored=None):
  return files.Weights({}, resume.plain_config(config), 5, stored)


def test_slope_and_offset_are_fitted_on_synthetic_pairs(config, references):
  found = calibrate.calibrate(config, weights(config), references)
  expected = calibration.fit(*simulated())
  assert (found['slope'], found['offset']) == expected
  assert expected == pytest.approx((2.0, -1.0), abs=0.2)
  assert found['synthetic_boxes'] == 4000
  assert found['synthetic_precision'] == simulated()[1].mean()


def test_all_bad_references_are_named_first(
  config, references, tmp_path, monkeypatch
):
  monkeypatch.setattr(calibrate, 'judge_synthetic', None)  # not reached
  bad = damage.write_all_bad(tmp_path)
  with pytest.raises(ValueError, match=f'^{len(bad)} faults: ') as caught:
    calibrate.calibrate(config, weights(config), [*references, *bad])
  assert all(words in str(caught.value) for words in damage.BAD.values())


def test_the_threshold_is_chosen_on_calibrated_takes(config, references):
  found = calibrate.calibrate(config, weights(config), references)
  images = [pictures.read_picture(path) for path in references for _ in '123']
  fitted = calibration.from_plain(found)
  takes = defect_free.false_confidences(
    images,
    detector.build_detector(
      detector.network_scorer(None, None), config.detect, fitted
    ),
    seed=config.seed,
    nuisances=config.eval.second_take.to_dict(),
  )
  assert found['defect_free_pairs'] == len(takes) == 15
  assert found['threshold'] == defect_free.threshold_for(
    takes, false_boxes_per_pair=0.4
  )
  assert 0 < found['threshold'] < 1
  assert found['false_boxes_per_pair'] == pytest.approx(0.4)  # 6 of 15
  every_box = defect_free.false_boxes_per_pair(takes, threshold=0.0)
  assert every_box > 0.4


def test_an_old_calibration_is_replaced_and_not_stacked(config, references):
  plain = calibrate.calibrate(config, weights(config), references)
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  again = calibrate.calibrate(config, weights(config, old), references)
  assert again == plain


def test_synthetic_boxes_are_judged_uncalibrated(monkeypatch):
  seen = {}

  def judged_boxes(detect, bank, **settings):
    seen.update(settings, detect=detect, bank=bank)
    return 'judged'

  monkeypatch.setattr(calibrate, 'judged_boxes', judged_boxes)
  monkeypatch.setattr(
    detector,
    'network_scorer',
    lambda *_: detector.Scorer(lambda one, two: abs(one - two).max(-1), 1),
  )
  config = smoke.get_config()
  config.detect.registration = 'none'
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  assert calibrate.judge_synthetic(config, weights(config, old)) == 'judged'
  assert seen['num_pairs'] == config.calibrate.synthetic_pairs
  assert (seen['bank'], seen['seed']) == (None, config.seed)
  reference = np.full((20, 20, 3), 0.25, np.float32)
  found = seen['detect'](reference, reference + np.float32(0.5))
  np.testing.assert_allclose(found.boxes.confidence, [0.5])


def test_too_few_references_are_refused(config, references):
  config.calibrate.update(takes=1, false_boxes_per_pair=0.02)
  with pytest.raises(ValueError, match='5 defect-free pairs cannot show'):
    calibrate.calibrate(config, weights(config), references)


@pytest.mark.slow
@pytest.mark.parametrize(
  ('source', 'references', 'message'),
  [
    ('classical', 'a.png', '--weights=classical has no file'),
    ('good', 'none/*.png', "--references: 'none/*.png' matches no file"),
    ('good', None, 'references'),
  ],
)
def test_a_mistake_ends_in_one_line(tmp_path, source, references, message):
  file = tmp_path / 'good.safetensors'
  files.save(file, weights(smoke.get_config()))
  given = [] if references is None else [f'--references={references}']
  done = subprocess.run(
    [
      sys.executable,
      '-m',
      'launch.calibrate',
      '--config=configs/smoke.py',
      f'--weights={file if source == "good" else source}',
      f'--out={tmp_path / "new.safetensors"}',
      *given,
    ],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert message in done.stderr
  assert done.stdout == ''
  assert not (tmp_path / 'new.safetensors').exists()
