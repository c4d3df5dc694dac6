"""What an evaluation refuses first, and which pairs it lists."""

from __future__ import annotations

import pytest

from configs import default
from tests.experiments.classical import evaluate_classical
from zeroshot.experiments import evaluation_inputs


@pytest.mark.parametrize(
  'change',
  [
    {'worst': -1},
    {'defect_free_pairs': -1},
    {'synthetic_pairs': -1},
    {'bootstrap_samples': -1},
    {'pictures': -1},
    {'misalignment_pairs': -1},
    {'iou_threshold': 1.0},
  ],
)
def test_a_setting_out_of_range_is_refused_first(tmp_path, change):
  (name,) = change
  with pytest.raises(ValueError, match=rf'eval\.{name} is'):
    evaluate_classical('no such folder', tmp_path, **change)


@pytest.mark.parametrize('steps', [(1, 2), ((1, 2, 3),), ((float('nan'), 0),)])
def test_steps_that_are_none_are_refused_first(tmp_path, steps):
  with pytest.raises(ValueError, match=r'eval\.misalignments has the step'):
    evaluate_classical('no such folder', tmp_path, misalignments=steps)


def test_swapped_pictures_are_not_moved(tmp_path):
  changes = dict(misalignments=((1, 0),), swap=True)
  with pytest.raises(ValueError, match='give one of them'):
    evaluate_classical('no such folder', tmp_path, **changes)


@pytest.mark.parametrize(
  ('total', 'count', 'indices'),
  [
    (10, 3, [0, 4, 9]),
    (10, 1, [0]),
    (10, 0, []),
    (3, 12, [0, 1, 2]),
    (1, 5, [0]),
  ],
)
def test_indices_are_spread_evenly(total, count, indices):
  assert evaluation_inputs.spread_indices(total, count) == indices
  assert len(evaluation_inputs.spread_indices(1000, 200)) == 200


def test_a_manifest_is_evaluated_like_a_folder(tmp_path):
  path = tmp_path / 'parts.jsonl'
  (tmp_path / 'a.png').write_bytes(b'not read here')
  line = (
    '{{"reference": "a.png", "test": "a.png", "boxes": [], "group": "{}"}}\n'
  )
  path.write_text(''.join(map(line.format, 'xyxyx')))
  settings = default.get_config().eval
  settings.manifest = str(path)

  def names(**changes):
    chosen = settings.copy_and_resolve_references()
    chosen.update(changes)
    return [pair.name for pair in evaluation_inputs.list_pairs(chosen)]

  assert names() == ['1', '2', '3', '4', '5']
  assert names(groups='x') == ['1', '3', '5']
  assert names(groups='x', every=2, max_pairs=1) == ['1']
  with pytest.raises(ValueError, match=r'eval\.groups: there is no group z'):
    names(groups='z')
  table = tmp_path / 'parts.csv'
  table.write_text('reference;test;name;boxes\na.png;a.png;b;\na.png;a.png;c;')
  assert names(manifest=str(table)) == ['b', 'c']
  table.write_text('reference,test\na.png,a.png\n')
  with pytest.raises(ValueError, match='line 2: neither boxes nor mask'):
    names(manifest=str(table))
  with pytest.raises(ValueError, match='every is 0'):
    names(every=0)
  with pytest.raises(ValueError, match='both given'):
    names(root='PCBData')
