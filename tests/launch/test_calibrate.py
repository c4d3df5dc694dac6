"""The calibration command, on a run that is trained for it."""

from __future__ import annotations

import json

import pytest

from configs import smoke
from tests import forked
from tests.experiments.uncalibrated import weights
from tests.launch.trained import EVALUATE
from tests.train import toy
from zeroshot.weights import files

CALIBRATE = [
  'calibrate.synthetic_pairs=64',
  'calibrate.false_boxes_per_pair=1',
]


@pytest.fixture(scope='module')
def calibrated(trained):
  """A weights file with a calibration, and what its command printed."""
  file = trained.folder / 'calibrated.safetensors'
  done = trained.expect(
    'launch.calibrate',
    *trained.config(*EVALUATE, *CALIBRATE),
    f'--workdir={trained.workdir}',
    f'--references={trained.root}/group*/*/*_temp.jpg',
    f'--out={file}',
  )
  return file, json.loads(done.stdout)


@pytest.mark.slow
def test_a_calibration_goes_with_the_weights(trained, calibrated):
  file, printed = calibrated
  weights, plain = files.load(file), files.load(trained.weights)
  assert weights.calibration == printed
  assert plain.calibration is None
  toy.assert_equal(weights.parameters, plain.parameters)
  detect = weights.config['detect']  # those that the threshold was chosen with
  assert weights.config == {**plain.config, 'detect': detect}
  assert weights.step == plain.step
  assert printed['slope'] > 0
  assert 0 < printed['threshold'] < 1
  assert printed['defect_free_pairs'] == 2 * 3  # takes of each reference
  assert printed['false_boxes_per_pair'] <= 1
  assert printed['synthetic_boxes'] > 0
  assert 0 < printed['synthetic_precision'] < 1


@pytest.mark.slow
def test_calibrated_weights_show_what_their_threshold_does(
  trained, metrics, calibrated
):
  file, printed = calibrated
  calibrated_metrics = trained.evaluate(
    'calibrated', source=f'--weights={file}'
  )
  official, plain = calibrated_metrics['official'], metrics['official']
  # Confidences are others, their order is not.
  assert official['reliability'] != plain['reliability']
  assert official['ap'] == pytest.approx(plain['ap'], abs=1e-6)
  assert official['num_detections'] == plain['num_detections']
  chosen = official['at_threshold']
  assert chosen['threshold'] == printed['threshold']
  assert chosen['num_detections'] < official['num_detections']
  defect_free = calibrated_metrics['defect_free']
  assert defect_free['false_boxes_per_pair'] == pytest.approx(
    metrics['defect_free']['false_boxes_per_pair']
  )
  assert (
    defect_free['false_boxes_per_pair_at_threshold']
    < defect_free['false_boxes_per_pair']
  )


@pytest.fixture(scope='module')
def start():
  with forked.starting('launch.calibrate') as run:
    yield run


@pytest.mark.slow
@pytest.mark.parametrize(
  ('source', 'references', 'message'),
  [
    ('classical', 'a.png', '--weights=classical has no file'),
    ('good', 'none/*.png', "--references: 'none/*.png' matches no file"),
    ('good', None, 'either --references'),
  ],
)
def test_a_mistake_ends_in_one_line(
  start, tmp_path, source, references, message
):
  file = tmp_path / 'good.safetensors'
  files.save(file, weights(smoke.get_config()))
  given = [] if references is None else [f'--references={references}']
  done = start(
    'launch.calibrate',
    '--config=configs/smoke.py',
    f'--weights={file if source == "good" else source}',
    f'--out={tmp_path / "new.safetensors"}',
    *given,
  )
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert message in done.stderr
  assert done.stdout == ''
  assert not (tmp_path / 'new.safetensors').exists()
