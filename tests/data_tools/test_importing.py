"""What the importers share."""

from __future__ import annotations

import json
import math

import pytest
from absl import flags

from data_tools import importing, label_boxes
from data_tools.importing import Labels, References
from tests.data_tools import inputs

SIZE = (64, 48)


@pytest.mark.parametrize(
  ('sides', 'expected'),
  [
    ((10, 20, 32, 46), (10, 20, 31, 45)),  # whole pixels
    ((10.0004, 19.9996, 31.9996, 46.0004), (10, 20, 31, 45)),  # six decimals
    ((10.4, 20.6, 32.4, 45.4), (10, 21, 31, 44)),
    ((10.5, 20.49, 12.5, 22), (11, 20, 12, 21)),
    ((10.2, 20.2, 10.4, 20.4), (10, 20, 10, 20)),  # thinner than a pixel
    ((0, 0, 64, 48), (0, 0, 63, 47)),
    ((-0.9, -0.9, 64.9, 48.9), (0, 0, 63, 47)),  # a tool's slack
    ((63.6, 47.6, 64, 48), (63, 47, 63, 47)),
  ],
)
def test_a_box_holds_the_pixels_whose_centres_lie_in_it(sides, expected):
  assert label_boxes.pixel_box(sides, SIZE, where='here') == expected


@pytest.mark.parametrize(
  ('sides', 'words'),
  [
    ((10, 20, 10, 46), 'here: box 10 20 10 46 .* is not a box'),
    ((10, 20, 9, 46), 'is not a box'),
    ((math.nan, 20, 30, 46), 'is not a box'),
    ((-1.1, 20, 30, 46), 'leaves the picture, 64x48'),
    ((10, 20, 65.1, 46), 'leaves the picture'),
    ((10, 20, 30, 49.1), 'leaves the picture'),
  ],
)
def test_a_box_that_is_none_is_refused(sides, words):
  with pytest.raises(ValueError, match=words):
    label_boxes.pixel_box(sides, SIZE, where='here')


def test_one_golden_picture_is_no_test_picture(tmp_path):
  inputs.write_pictures(tmp_path, 'golden.png', 'b.JPG', 'lot 3/a.png')
  parts = importing.find_parts(tmp_path, inputs.golden(tmp_path))
  assert [(part.name, part.group) for part in parts] == [
    ('b', tmp_path.name),
    ('lot 3-a', 'lot 3'),
  ]
  assert {part.reference for part in parts} == {tmp_path / 'golden.png'}


@pytest.mark.parametrize(
  ('pattern', 'reference'),
  [
    ('{stem}_ref.png', 'lot/a_ref.png'),
    ('golden.png', 'lot/golden.png'),
    ('../good/{stem}.png', 'good/a.png'),
  ],
)
def test_a_pattern_names_each_picture_s_reference(tmp_path, pattern, reference):
  inputs.write_pictures(tmp_path, 'lot/a.png', reference)
  (part,) = importing.find_parts(tmp_path, References(None, pattern))
  assert part.picture == tmp_path / 'lot/a.png'
  assert part.reference == tmp_path / reference


def test_pictures_without_a_name_of_their_own_are_all_named(tmp_path):
  inputs.write_pictures(
    tmp_path, 'a.png', 'a.jpg', 'b/c.png', 'b-c.png', 'd.png'
  )
  with pytest.raises(ValueError, match=r'^4 faults: ') as raised:
    importing.find_parts(tmp_path, inputs.golden(tmp_path))
  for name in ('a.png', 'a.jpg', 'b/c.png', 'b-c.png'):
    assert f'{tmp_path / name}: 2 pictures would have' in str(raised.value)


def test_no_pictures(tmp_path):
  golden = inputs.golden(tmp_path)
  with pytest.raises(ValueError, match='there is no such folder'):
    importing.find_parts(tmp_path / 'none', golden)
  inputs.write_pictures(tmp_path, 'golden.png')
  with pytest.raises(ValueError, match='no test picture in it; 1 files'):
    importing.find_parts(tmp_path, golden)


def test_paths_are_relative_to_the_manifest(tmp_path):
  inputs.write_pictures(tmp_path / 'pictures', 'golden.png', 'lot 3/a.png')
  (part,) = importing.find_parts(
    tmp_path / 'pictures', inputs.golden(tmp_path / 'pictures')
  )
  out = tmp_path / 'lists' / 'parts.jsonl'
  summary = importing.write(out, [(part, Labels([(1, 2, 3, 4)], ['dent']))], [])
  assert summary == (
    f'1 pairs, groups: 1, good parts: 0, boxes: 1 (dent 1); {out}'
  )
  assert json.loads(out.read_text()) == {
    'reference': '../pictures/golden.png',
    'test': '../pictures/lot 3/a.png',
    'name': 'lot 3-a',
    'group': 'lot 3',
    'boxes': [[1, 2, 3, 4]],
    'kinds': ['dent'],
  }


def test_faults_are_told_together_and_nothing_is_written(tmp_path):
  inputs.write_pictures(tmp_path, 'a.png', 'b.png')
  inputs.write_pictures(tmp_path, 'wide.png', width=80)
  parts = importing.find_parts(
    tmp_path, References(tmp_path / 'wide.png', None)
  )
  (tmp_path / 'b.png').unlink()
  out = tmp_path / 'parts.jsonl'
  labelled = [(part, Labels([], [])) for part in parts]
  with pytest.raises(ValueError, match=r'^3 faults: first; ') as raised:
    importing.write(out, labelled, ['first'])
  assert 'sizes differ' in str(raised.value)
  assert 'b.png: no such file' in str(raised.value)
  assert not list(tmp_path.glob('parts*'))


def test_a_manifest_is_never_overwritten(tmp_path):
  out = tmp_path / 'parts.jsonl'
  importing.check_out(out)
  out.write_text('mine')
  with pytest.raises(ValueError, match='is there already'):
    importing.check_out(out)
  with pytest.raises(ValueError, match='it will hold JSON lines'):
    importing.check_out(tmp_path / 'parts.csv')
  with pytest.raises(ValueError, match='will hold JSON lines'):
    importing.check_out(tmp_path / 'parts.tsv')


@pytest.mark.parametrize(
  'given', [[], ['--reference=a', '--reference_pattern=b']]
)
def test_one_way_to_name_references(monkeypatch, given):
  values = flags.FlagValues()
  monkeypatch.setattr(importing.flags, 'FLAGS', values)
  for name in ('reference', 'reference_pattern'):
    flags.DEFINE_string(name, None, '', flag_values=values)
  values(['command', *given])
  with pytest.raises(ValueError, match='give either --reference='):
    importing.references_of_flags()
