"""The evaluation command, on a run that is trained for it."""

from __future__ import annotations

import json

import pytest

from tests.experiments.expected import (
  DETAILS,
  FILES,
  KINDS,
  METRICS,
  PROTOCOLS,
  SHEETS,
)
from zeroshot.data import pictures

MISALIGN = [
  'eval.misalign.shift_px=5',
  'eval.misalign.rotation_deg=1',
  'detect.registration=affine',
]


@pytest.mark.slow
def test_all_promised_metrics_are_there(trained, metrics):
  for protocol in PROTOCOLS:
    assert set(metrics[protocol]) >= METRICS, protocol
    assert metrics[protocol]['num_images'] == 3
  official = metrics['official']
  assert set(official) >= DETAILS
  assert set(metrics['official-6']) >= DETAILS | KINDS
  assert set(official['groups']) == {'group90000', 'group90001'}
  assert len(official['interval_95']) == 2
  assert official['num_detections'] > 0
  assert metrics['seconds_per_pair'] > 0
  assert metrics['step'] == 30
  assert metrics['config']['eval']['root'] == str(trained.root)
  assert metrics['config']['train']['batch_size'] == 4
  assert set(metrics['synthetic']) >= {'pixel_auroc', 'pixel_ap'}
  assert metrics['defect_free'].keys() == {'num_pairs', 'false_boxes_per_pair'}
  assert metrics['defect_free']['num_pairs'] == 2
  assert 'at_threshold' not in official  # nobody has chosen one
  assert (
    sum(official['reliability']['num_detections'])
    == (official['num_detections'])
  )


@pytest.mark.slow
def test_all_promised_files_are_there(trained, metrics):
  assert metrics
  folder = trained.folder / 'plain'
  assert {file.name for file in folder.iterdir()} == FILES
  assert len(list((folder / 'pictures').iterdir())) == 1
  for name in SHEETS:
    assert pictures.read_picture(folder / name).std() > 0.05


@pytest.mark.slow
def test_a_weights_file_gives_the_same_metrics(trained, metrics):
  again = trained.evaluate('weights', source=f'--weights={trained.weights}')
  expected = {**metrics}
  assert again.pop('seconds_per_pair') > 0
  assert expected.pop('seconds_per_pair') > 0
  assert again == expected
  for name in ('detections.zip', 'detections-6.zip'):
    first, second = (
      (trained.folder / out / name).read_bytes() for out in ('plain', 'weights')
    )
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize(
  ('protocol', 'name', 'options'),
  [
    ('official', 'detections.zip', ['--class_agnostic']),
    ('official-6', 'detections-6.zip', []),
  ],
)
def test_the_benchmarks_scorer_agrees(
  trained, metrics, protocol, name, options
):
  done = trained.expect(
    'launch.score',
    f'--ground_truth={trained.root}',
    f'--detections={trained.folder / "plain" / name}',
    *options,
  )
  scored = json.loads(done.stdout)
  expected = metrics[protocol]
  assert scored['AP'] == pytest.approx(expected['ap'], abs=1e-9)
  for name in ('precision', 'recall'):
    assert scored[name] == pytest.approx(expected[name], abs=1e-9)


@pytest.mark.slow
def test_a_misaligned_reference_is_scored(trained, metrics):
  moved = trained.evaluate(
    'moved', *MISALIGN, source=f'--workdir={trained.workdir}'
  )
  assert moved['config']['eval']['misalign']['shift_px'] == 5
  official = moved['official']
  assert official['num_images'] == 3
  assert official['num_ground_truth'] > 0
  assert official['num_ground_truth'] <= metrics['official']['num_ground_truth']
  assert moved['official'] != metrics['official']


@pytest.mark.slow
def test_the_classical_baseline_needs_no_training(trained):
  metrics = trained.evaluate('classical', source='--weights=classical')
  assert metrics['official']['num_images'] == 3
  assert metrics['official']['ap'] > 0.5
  assert metrics['step'] == 0
  assert 0 < metrics['synthetic']['pixel_ap'] < 1
