"""The folder of a run: after a kill, and faulty records."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from zeroshot.data import pictures
from zeroshot.inspection import folder, result, result_records
from zeroshot.registration import register, warp

SETTINGS = {'threshold': 0.5, 'roi': [[0, 0, 4, 4]], 'manifest': None}


def moved(picture, valid, field=None):
  """The move of a reference that was left where it is."""
  stayed = register.EstimatedMove(
    warp.identity(valid.shape)._replace(field=field), 'none', '', 1.0, 1.0
  )
  return register.describe(
    stayed,
    align=lambda: picture,
    find_valid=lambda: valid,
    coverage=float(valid.mean()),
  )


def inspection(name='part 7'):
  box = result.Box(
    *(1.0, 2.0, 5.0, 6.0), 0.9, 'spur', 4.04, 0.1, 15, 'darker', severity=1.5
  )
  faint = box._replace(confidence=0.1)
  picture = np.zeros((8, 10, 3), np.uint8)
  return result.Inspection(
    name=name,
    verdict=result.DIFFERENT,
    boxes=(box,),
    threshold=0.5,
    registration=result.Alignment('none', 0.0, 0.0, 1.0, None),
    seconds=0.1,
    score_map=np.full((8, 10), 0.5, np.float32),
    test=picture,
    candidates=(box, faint),
    moved=moved(picture, np.ones((8, 10), np.uint8)),
  )


def begin(out, settings=SETTINGS, keep=lambda record: True):
  return folder.begin(out, settings, keep=keep)


def rows(out):
  return [record['row'] for record in result_records.read_records(out)]


def test_a_pair_is_written_as_the_page_reads_it(tmp_path):
  assert begin(tmp_path) == set()
  folder.add(tmp_path, 1, inspection())
  record = json.loads((tmp_path / 'results.jsonl').read_text())
  assert record['pictures'] == 'pairs/0001-part-7'
  assert (record['width'], record['height']) == (10, 8)
  assert (len(record['boxes']), len(record['candidates'])) == (1, 2)
  names = {path.name for path in (tmp_path / record['pictures']).iterdir()}
  assert names == {'reference.png', 'test.png', 'overlay.png', 'scores.png'}
  assert json.loads((tmp_path / 'run.json').read_text()) == SETTINGS


def test_what_was_not_compared_and_the_local_field_are_stored(tmp_path):
  begin(tmp_path)
  valid = np.ones((8, 10), bool)
  valid[:, :3] = False
  nodes = np.zeros((30, 5, 2), np.float32)
  nodes[..., 0] = 1.5
  one = dataclasses.replace(
    inspection(),
    boxes=(),
    moved=moved(inspection().test, valid, warp.LocalField(nodes, 8, 10)),
  )
  place = tmp_path / folder.add(tmp_path, 1, one)['pictures']
  assert np.array_equal(
    pictures.read_pixels(place / 'valid.png')[..., 0], 255 * valid
  )
  overlay = pictures.read_pixels(place / 'overlay.png')
  assert overlay[:, :3].any()  # hatched
  assert not overlay[:, 3:].any()
  (record,) = result_records.read_records(tmp_path)
  assert len(record['local_field']) == 10 * 5
  assert record['local_field'][0] == [0.5, -0.1, 1.5, 0.0]
  assert 'local_field' not in one.to_dict()
  folder.add(tmp_path, 1, inspection())
  assert not (place / 'valid.png').exists()


def test_what_a_kill_left_is_dropped_and_errors_are_tried_again(tmp_path):
  begin(tmp_path)
  folder.add(tmp_path, 1, inspection())
  folder.add_error(tmp_path, 2, 'bad', 'cut short')
  folder.add(tmp_path, 3, inspection())
  with (tmp_path / 'results.jsonl').open('a') as opened:
    opened.write('{"row": 4, "name": "pa')
  (tmp_path / '.zeroshot-partial').mkdir()  # pictures half-written
  assert rows(tmp_path) == [1, 2, 3]
  assert begin(tmp_path) == {1, 3}
  folder.add(tmp_path, 2, inspection())
  assert rows(tmp_path) == [1, 3, 2]
  assert begin(tmp_path, keep=lambda record: False) == set()
  assert rows(tmp_path) == []


def test_pictures_whose_line_was_never_written_are_replaced(tmp_path):
  begin(tmp_path)
  folder.add(tmp_path, 1, inspection())
  (tmp_path / 'results.jsonl').write_text('')
  begin(tmp_path)
  folder.add(tmp_path, 1, inspection())
  assert rows(tmp_path) == [1]


def test_other_settings_are_refused_by_name(tmp_path):
  begin(tmp_path)
  other = {**SETTINGS, 'threshold': 0.6, 'manifest': 'a.csv'}
  with pytest.raises(
    ValueError, match=r'threshold \(there 0.5, now 0.6\).*man'
  ):
    begin(tmp_path, other)
  assert json.loads((tmp_path / 'run.json').read_text()) == SETTINGS


def test_a_damaged_line_in_the_middle_is_told(tmp_path):
  begin(tmp_path)
  (tmp_path / 'results.jsonl').write_text('{"row"\n{"row": 1}\n')
  with pytest.raises(ValueError, match=r'results.jsonl, line 1: damaged'):
    begin(tmp_path)


def test_a_whole_last_line_counts_and_a_cut_one_is_told(tmp_path):
  begin(tmp_path)
  folder.add(tmp_path, 1, inspection())
  folder.add(tmp_path, 2, inspection())
  file = tmp_path / 'results.jsonl'
  whole = file.read_bytes()
  notes = []
  file.write_bytes(whole[:-1])  # all but the line's end
  assert [
    r['row'] for r in result_records.read_records(tmp_path, notes=notes)
  ] == [1, 2]
  assert notes == []
  file.write_bytes(whole[:-2])
  assert [
    r['row'] for r in result_records.read_records(tmp_path, notes=notes)
  ] == [1]
  assert 'half-written' in notes[0]
  file.write_bytes(whole[:-1])
  assert begin(tmp_path) == {1, 2}
  assert file.read_bytes() == whole


BOX = inspection().candidates[1].to_dict()


@pytest.mark.parametrize(
  ('change', 'message'),
  [
    ({'row': '1'}, 'row is no integer'),
    ({'name': None}, 'row is no integer, or name no'),
    ({'verdict': 'ok'}, "verdict is 'ok'"),
    ({'verdict': 'error'}, 'error is no text'),
    ({'threshold': None}, 'threshold is no number'),
    ({'seconds': float('nan')}, 'seconds is no number'),
    ({'warnings': ['dark', 3]}, 'warnings are no texts'),
    ({'width': 1e12}, 'width is no number'),
    ({'boxes': [{}]}, 'boxes are no boxes'),
    ({'candidates': [BOX | {'x1': '1'}]}, 'candidates are no boxes'),
    ({'candidates': [BOX | {'kind': 1}]}, 'candidates are no boxes'),
    ({'pictures': 2}, 'pictures names no folder'),
    ({'registration': 0}, 'registration is no object'),
    ({'local_field': [[1, 2, 3, 'x']]}, 'local_field are no nodes'),
    ([], 'it is no JSON object'),
  ],
)
def test_a_line_that_is_no_record_is_told(tmp_path, change, message):
  begin(tmp_path)
  record = folder.add(tmp_path, 1, inspection())
  line = json.dumps(record | change if isinstance(change, dict) else change)
  (tmp_path / 'results.jsonl').write_text(f'{line}\n')
  with pytest.raises(ValueError, match=f'line 1: damaged .{message}'):
    rows(tmp_path)


def test_a_verdict_alone_is_no_record(tmp_path):
  begin(tmp_path)
  (tmp_path / 'results.jsonl').write_text('{"row": 1, "verdict": "same"}\n')
  with pytest.raises(ValueError, match='name no text'):
    begin(tmp_path)


@pytest.mark.parametrize(
  'name',
  ['../../x', '/etc/x', 'a\x00\n\x1b[2J', '<script>', '..', '', 'ä' * 999],
)
def test_a_name_never_leads_out_of_the_folder(tmp_path, name):
  out = tmp_path / 'out'
  begin(out)
  record = folder.add(out, 7, inspection(name))
  assert record['name'] == name
  assert (out / record['pictures']).resolve().parent == out / 'pairs'
  assert (out / record['pictures']).name.startswith('0007')
  assert [path.name for path in tmp_path.iterdir()] == ['out']


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
  (tmp_path / 'partial').mkdir()
  with (
    pytest.raises(ValueError, match=r"others in it, 'partial' for one; give"),
    folder.lock_folder(tmp_path),
  ):
    pass
  assert [path.name for path in tmp_path.iterdir()] == ['partial']


def test_a_kill_at_the_very_start_leaves_a_folder_that_goes_on(tmp_path):
  (tmp_path / 'run.json.partial').write_text('{')
  with folder.lock_folder(tmp_path):
    begin(tmp_path)
  assert not (tmp_path / 'run.json.partial').exists()


def test_files_that_changed_are_told_by_their_stamp(tmp_path):
  file = tmp_path / 'a'
  file.write_text('one')
  before = folder.stamp_of(file, tmp_path / 'none')
  assert before[1] == [-1, -1]
  assert folder.stamp_of(file, tmp_path / 'none') == before
  file.write_text('other')
  assert folder.stamp_of(file, tmp_path / 'none') != before
