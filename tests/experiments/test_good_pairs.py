"""The threshold that real pairs of good parts give."""

from __future__ import annotations

import numpy as np
import pytest

from tests.experiments.uncalibrated import weights
from zeroshot.data import pictures
from zeroshot.detect import detector, scorers
from zeroshot.detect.calibration import Calibration, from_plain
from zeroshot.experiments import good_pairs


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
  fitted = good_pairs.calibrate(config, weights(config, stored), pairs)
  surest = max(false_confidences(config, pairs, stored))
  assert surest > 0.25
  assert fitted['threshold'] == pytest.approx(2 * surest / (1 + surest))
  assert (fitted['slope'], fitted['offset']) == (2.0, -1.0)
  assert fitted['synthetic_boxes'] == 7
  assert fitted['defect_free_pairs'] == 5
  assert fitted['false_boxes_per_pair'] == 0
  assert fitted['false_boxes_per_pair_at_most'] == pytest.approx(0.6, abs=0.001)
  few = '5 pairs are too few to show 0.02 false boxes a pair, that takes 50'
  assert few in caplog.text
  high = stored | {'threshold': 0.95}
  fitted = good_pairs.calibrate(config, weights(config, high), pairs)
  assert fitted['threshold'] == 0.95
  assert 'true differences will be missed' in caplog.text


def test_enough_pairs_choose_the_least_threshold(config, good_list, caplog):
  stored = Calibration(2.0, -1.0, 0.25)._asdict()
  config.calibrate.false_boxes_per_pair = 0.2  # one of five
  pairs = good_pairs.read(str(good_list))
  fitted = good_pairs.calibrate(config, weights(config, stored), pairs)
  second = sorted(false_confidences(config, pairs, stored))[-2]
  assert fitted['threshold'] == np.nextafter(np.float32(second), np.float32(2))
  assert fitted['false_boxes_per_pair'] == pytest.approx(0.2)
  assert 'too few' not in caplog.text


def test_good_pairs_are_inspected_as_parts_will_be(config, good_list, tmp_path):
  stored = Calibration(2.0, -1.0, 0.25)._asdict()
  config.calibrate.false_boxes_per_pair = 0.2
  first, last = tmp_path / '0.png', tmp_path / '4.png'
  image = pictures.read_picture(last)
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
