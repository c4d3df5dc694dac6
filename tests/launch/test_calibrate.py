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
from zeroshot.detect import detector, scorers
from zeroshot.detect.calibration import (
  Calibration,
  apply_calibration,
  fit,
  from_plain,
)
from zeroshot.evaluate import defect_free
from zeroshot.experiments import calibration, good_pairs
from zeroshot.run_config import compatibility
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[2]


def touch(folder, *names):
  for name in names:
    (folder / name).write_bytes(b'?')


def test_references_are_listed_once_and_sorted(tmp_path):
  touch(tmp_path, 'b.png', 'a.png', 'c.jpg', 'd.txt')
  found = calibration.list_references(
    f'{tmp_path}/*.png,{tmp_path}/c.jpg,{tmp_path}/a.*'
  )
  assert found == [tmp_path / name for name in ('a.png', 'b.png', 'c.jpg')]


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


# --- The whole of it, but for the network and the synthetic pairs -----------

TRUE = Calibration(slope=2.0, offset=-1.0, threshold=0.0)


def simulated(count=4000):
  """Judged boxes whose best calibration is known."""
  random = np.random.default_rng(0)
  score = random.uniform(0.01, 0.99, count)
  return score, random.random(count) < apply_calibration(score, TRUE)


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
    scorers,
    'network_scorer',
    lambda *_: scorers.Scorer(lambda one, two: abs(one - two).max(-1), 1),
  )
  monkeypatch.setattr(calibrate, 'judge_synthetic', lambda *_: simulated())
  result = smoke.get_config()
  result.detect.registration = 'none'
  result.detect.threshold = 0.3
  result.eval.second_take.update(shift_px=3.0, rotation_deg=0.0)
  result.calibrate.update(takes=3, false_boxes_per_pair=0.4)
  return result


def weights(config, stored=None):
  return files.Weights({}, compatibility.plain_config(config), 5, stored)


def test_slope_and_offset_are_fitted_on_synthetic_pairs(config, references):
  found = calibration.calibrate(config, weights(config), references)
  expected = fit(*simulated())
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
    calibration.calibrate(config, weights(config), [*references, *bad])
  assert all(words in str(caught.value) for words in damage.BAD.values())


def test_the_threshold_is_chosen_on_calibrated_takes(config, references):
  found = calibration.calibrate(config, weights(config), references)
  images = [pictures.read_picture(path) for path in references for _ in '123']
  fitted = from_plain(found)
  takes = defect_free.false_confidences(
    images,
    detector.build_detector(
      scorers.network_scorer(None, None), config.detect, fitted
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
  plain = calibration.calibrate(config, weights(config), references)
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  again = calibration.calibrate(config, weights(config, old), references)
  assert again == plain


def test_synthetic_boxes_are_judged_uncalibrated(monkeypatch):
  seen = {}

  def judged_boxes(detect, bank, **settings):
    seen.update(settings, detect=detect, bank=bank)
    return 'judged'

  monkeypatch.setattr(calibrate, 'judged_boxes', judged_boxes)
  monkeypatch.setattr(
    scorers,
    'network_scorer',
    lambda *_: scorers.Scorer(lambda one, two: abs(one - two).max(-1), 1),
  )
  config = smoke.get_config()
  config.detect.registration = 'none'
  old = Calibration(9.0, 4.0, 0.1)._asdict()
  assert calibration.judge_synthetic(config, weights(config, old)) == 'judged'
  assert seen['num_pairs'] == config.calibrate.synthetic_pairs
  assert (seen['bank'], seen['seed']) == (None, config.seed)
  reference = np.full((20, 20, 3), 0.25, np.float32)
  found = seen['detect'](reference, reference + np.float32(0.5))
  np.testing.assert_allclose(found.boxes.confidence, [0.5])


def test_too_few_references_are_refused(config, references):
  config.calibrate.update(takes=1, false_boxes_per_pair=0.02)
  with pytest.raises(ValueError, match='5 defect-free pairs cannot show'):
    calibration.calibrate(config, weights(config), references)


# --- Real pairs of good parts ------------------------------------------------


@pytest.fixture
def good_list(references, tmp_path):
  """Pairs of which the last two differ in a spot, by 0.45 and by 0.5."""
  lines = ['reference,test,boxes']
  for index, path in enumerate(references):
    image = pictures.read_picture(path)
    if index > 2:
      spot = image[8:24, 8:24]
      spot += np.where(spot < 0.5, 1, -1) * (0.3 + 0.05 * index)
    pictures.write_picture(tmp_path / f'take{index}.png', image)
    lines.append(f'{path.name},take{index}.png,')
  path = tmp_path / 'good.csv'
  path.write_text('\n'.join(lines))
  return path


def test_few_pairs_can_only_raise_the_threshold(config, good_list, caplog):
  stored = Calibration(2.0, -1.0, 0.25)._asdict() | {'synthetic_boxes': 7}
  config.calibrate.false_boxes_per_pair = 0.02
  config.detect.min_confidence = 0.999
  pairs = good_pairs.read(str(good_list))
  found = good_pairs.calibrate(config, weights(config, stored), pairs)
  surest = max(false_confidences(config, pairs, stored))
  assert surest > 0.25
  assert found['threshold'] == pytest.approx(2 * surest / (1 + surest))
  assert (found['slope'], found['offset']) == (2.0, -1.0)
  assert found['synthetic_boxes'] == 7
  assert found['defect_free_pairs'] == 5
  assert found['false_boxes_per_pair'] == 0
  assert found['false_boxes_per_pair_at_most'] == pytest.approx(0.6, abs=0.001)
  few = '5 pairs are too few to show 0.02 false boxes a pair, that takes 50'
  assert few in caplog.text
  high = stored | {'threshold': 0.95}
  found = good_pairs.calibrate(config, weights(config, high), pairs)
  assert found['threshold'] == 0.95
  assert 'true differences will be missed' in caplog.text


def test_enough_pairs_choose_the_least_threshold(config, good_list, caplog):
  stored = Calibration(2.0, -1.0, 0.25)._asdict()
  config.calibrate.false_boxes_per_pair = 0.2  # one of five
  pairs = good_pairs.read(str(good_list))
  found = good_pairs.calibrate(config, weights(config, stored), pairs)
  second = sorted(false_confidences(config, pairs, stored))[-2]
  assert found['threshold'] == np.nextafter(np.float32(second), np.float32(2))
  assert found['false_boxes_per_pair'] == pytest.approx(0.2)
  assert 'too few' not in caplog.text


def test_good_pairs_are_inspected_as_parts_will_be(config, good_list, tmp_path):
  stored = Calibration(2.0, -1.0, 0.25)._asdict()
  config.calibrate.false_boxes_per_pair = 0.2
  upright = good_pairs.calibrate(
    config, weights(config, stored), good_pairs.read(str(good_list))
  )
  first, last = tmp_path / '0.png', tmp_path / '4.png'
  image = pictures.read_picture(last)
  pictures.write_picture(last, image[::-1, ::-1])  # lies upside down
  pairs = good_pairs.read(str(good_list))
  found = good_pairs.calibrate(config, weights(config, stored), pairs)
  assert found == upright
  pictures.write_picture(first, 0.1 * pictures.read_picture(first))
  pictures.write_picture(last, image[:, ::-1])
  pairs = good_pairs.read(str(good_list))
  with pytest.raises(ValueError, match=r'^2 faults: ') as caught:
    good_pairs.calibrate(config, weights(config, stored), pairs)
  message = str(caught.value)
  assert 'take0.png cannot be inspected: the reference' in message
  assert 'too dark' in message
  assert 'take4.png are mirror images' in message


def false_confidences(config, pairs, stored):
  """Confidences of all boxes of the pairs."""
  settings = config.detect.copy_and_resolve_references()
  settings.min_confidence = 0.0
  detect = detector.build_detector(
    scorers.network_scorer(None, None),
    settings,
    from_plain(stored),
  )
  both = (pictures.read_pair(p.reference_path, p.test_path) for p in pairs)
  return np.concatenate([detect(*pair).boxes.confidence for pair in both])


def test_pairs_with_a_defect_choose_no_threshold(good_list, tmp_path):
  text = good_list.read_text() + '\n0.png,take0.png,1 1 2 2\n'
  good_list.write_text(text)
  with pytest.raises(ValueError, match=r'take0\.png has boxes'):
    good_pairs.read(str(good_list))


def test_uncalibrated_weights_choose_no_threshold(config, good_list):
  pairs = good_pairs.read(str(good_list))
  with pytest.raises(ValueError, match='not calibrated; do so first'):
    good_pairs.calibrate(config, weights(config), pairs)


def test_the_settings_of_detection_go_with_the_threshold(config):
  old = weights(smoke.get_config())
  config.detect.registration = 'homography'
  stored = calibration.with_calibration(config, old, {'threshold': 0.5})
  assert stored.calibration == {'threshold': 0.5}
  assert stored.config['detect']['registration'] == 'homography'
  assert stored.config['model'] == old.config['model']
  assert old.config['detect']['registration'] == 'affine'


@pytest.mark.slow
@pytest.mark.parametrize(
  ('source', 'references', 'message'),
  [
    ('classical', 'a.png', '--weights=classical has no file'),
    ('good', 'none/*.png', "--references: 'none/*.png' matches no file"),
    ('good', None, 'either --references'),
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
