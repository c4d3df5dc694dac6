"""Evaluations by the classical baseline, in this process."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from configs import smoke
from data_tools import make_pairs
from tests.experiments.classical import evaluate_classical
from tests.experiments.expected import DETAILS, FILES, KINDS, METRICS, SHEETS
from zeroshot.data import deeppcb, pictures
from zeroshot.experiments import evaluation, evaluation_inputs, loading


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
  root = tmp_path_factory.mktemp('classical') / 'PCBData'
  make_pairs.make(root, num_pairs=3, seed=0, size_px=256)
  return root


def test_what_is_returned_is_what_is_written(generated, tmp_path):
  out = tmp_path / 'new' / 'folder'
  metrics = evaluate_classical(generated, out, defect_free_pairs=2)
  written = json.loads((out / 'metrics.json').read_text())
  assert written.keys() == metrics.keys()
  assert written['official']['ap'] == metrics['official']['ap'] > 0.5
  assert set(written['official']) >= METRICS | DETAILS
  assert set(written['official-6']) >= METRICS | DETAILS | KINDS
  assert {file.name for file in out.iterdir()} == FILES
  assert written['defect_free']['num_pairs'] == 2
  assert written['defect_free']['false_boxes_per_pair'] >= 0
  assert written['config']['classical']['scores']['match_lighting'] is False
  for name in SHEETS:
    assert pictures.read_picture(out / name).std() > 0.05


def test_named_kinds_are_scored_and_drawn(generated, tmp_path, monkeypatch):
  build = loading.build_detector

  def build_naming(*arguments):
    """The baseline, with a spur as the kind of every detection."""
    plain = build(*arguments)

    def detect(reference, test):
      detection = plain(reference, test)
      count = len(detection.boxes.kind)
      named = detection.boxes._replace(
        kind=('spur',) * count, kind_confidence=np.full(count, 0.5, np.float32)
      )
      return detection._replace(boxes=named)

    return detect

  nameless = evaluate_classical(generated, tmp_path / 'nameless', kinds='none')
  monkeypatch.setattr(loading, 'build_detector', build_naming)
  metrics = evaluate_classical(generated, tmp_path / 'named')
  np.testing.assert_equal(metrics['official'], nameless['official'])
  six = metrics['official-6']
  assert nameless['official-6']['ap'] == 0 < six['ap'] < 1
  assert 0 < six['kind_accuracy'] < 1
  assert six['kinds']['spur']['num_detections'] == six['num_detections']
  lines = (tmp_path / 'named' / 'confusion.md').read_text().splitlines()
  table = [line.strip('| ').split('|') for line in lines[2:]]
  written = [[int(count) for count in row[1:]] for row in table]
  assert written == six['confusion']['counts']
  empty, full = (
    pictures.read_picture(tmp_path / name / 'wrong_kinds.png').size
    for name in ('nameless', 'named')
  )
  assert empty < full


def names_all_bad(root, out, monkeypatch, **changes):
  """Whether an evaluation names two bad pictures and detects nothing."""
  monkeypatch.setattr(
    evaluation.pair_shards, 'map_across_processes', None
  )  # not reached
  with pytest.raises(ValueError, match=r'^2 faults: ') as caught:
    evaluate_classical(root, out, **changes)
  text = str(caught.value)
  assert not out.exists()
  return '000_temp.jpg: the picture is cut' in text and 'sizes differ' in text


def test_all_bad_pictures_are_named_first(tmp_path, monkeypatch):
  root, out = tmp_path / 'PCBData', tmp_path / 'out'
  make_pairs.make(root, num_pairs=3, seed=0, size_px=256)
  entries = deeppcb.list_pairs(root, 'generated')
  cut = entries[0].reference_path
  cut.write_bytes(cut.read_bytes()[:-400])
  cv2.imwrite(str(entries[2].test_path), np.full((250, 256, 3), 255, np.uint8))
  assert names_all_bad(root, out, monkeypatch)

  lines = [
    dict(reference=str(e.reference_path), test=str(e.test_path), boxes=[])
    for e in entries
  ]
  path = tmp_path / 'pairs.jsonl'
  path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
  assert names_all_bad('', out, monkeypatch, manifest=str(path))


def test_a_bad_bank_is_named_first(generated, tmp_path, monkeypatch):
  monkeypatch.setattr(
    evaluation.pair_shards, 'map_across_processes', None
  )  # not reached
  (tmp_path / 'b.npz').write_bytes(b'PK no bank')
  config = smoke.get_config()
  config.synthesis.bank = str(tmp_path / 'b.npz')
  monkeypatch.setattr(smoke, 'get_config', lambda: config)
  with pytest.raises(ValueError, match=r'b\.npz: not an image bank'):
    evaluate_classical(generated, tmp_path / 'out', synthetic_pairs=4)
  config.eval.synthetic_pairs = 0
  assert evaluation_inputs.load_bank(config) is None  # it is not needed then


def test_zeros_leave_things_out(generated, tmp_path):
  metrics = evaluate_classical(generated, tmp_path, pictures=0, worst=0)
  assert 'defect_free' not in metrics
  assert not list((tmp_path / 'pictures').iterdir())
  evaluate_classical(generated, tmp_path / 'full', worst=2)
  empty, full = (
    pictures.read_picture(folder / 'false_alarms.png').size
    for folder in (tmp_path, tmp_path / 'full')
  )
  assert empty < full


def test_synthetic_pairs_of_photographs_need_them_first(tmp_path):
  config = smoke.get_config()
  config.synthesis.backgrounds.photographs = 1.0
  weights = loading.load(config, workdir=None, weights='classical')
  with pytest.raises(ValueError, match=r'synthesis\.bank is empty'):
    evaluation.evaluate(config, weights, tmp_path)


def test_swapped_pictures_give_the_same_metrics(generated, tmp_path):
  """With the baseline, which is symmetric in the two pictures."""
  plain, swapped = (
    evaluate_classical(generated, tmp_path / str(swap), swap=swap)
    for swap in (False, True)
  )
  assert swapped['config']['eval']['swap'] is True
  names = ('ap', 'precision', 'recall', 'num_detections', 'num_ground_truth')
  for name in names:
    assert swapped['official'][name] == pytest.approx(plain['official'][name])
  (file,) = (tmp_path / 'False' / 'pictures').iterdir()
  drawn = pictures.read_picture(file)
  other = pictures.read_picture(tmp_path / 'True' / 'pictures' / file.name)
  assert drawn.shape == other.shape
  assert np.abs(drawn - other).max() > 0.3  # the two have changed places


def test_each_misalignment_has_its_ap(generated, tmp_path):
  steps = ((0, 0), (40, 5))
  metrics = evaluate_classical(generated, tmp_path, misalignments=steps)
  still, moved = metrics['misalignment']
  assert (moved['shift_px'], moved['rotation_deg']) == steps[1]
  assert still['ap'] == metrics['official']['ap'] > moved['ap']
  assert still['num_images'] == moved['num_images'] == 3

  changes = dict(misalignments=steps[:1], misalignment_pairs=2)
  (two,) = evaluate_classical(generated, tmp_path, **changes)['misalignment']
  assert two['num_images'] == 2


def test_every_other_pair_is_taken(generated, tmp_path):
  metrics = evaluate_classical(generated, tmp_path, every=2)
  assert metrics['official']['num_images'] == 2
