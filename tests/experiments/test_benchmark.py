"""The benchmark, on a few small pairs and by baselines alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from configs import default
from tests.registration import textures
from zeroshot.data import manifest, pictures
from zeroshot.experiments import benchmark, benchmark_report, benchmark_sets

BOX = (60, 70, 79, 89)  # first and last pixel


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Two good pairs and two with a spot, with masks."""
  folder = tmp_path_factory.mktemp('set')
  (folder / 'masks').mkdir()
  lines = []
  for number in range(4):
    good = picture(number)
    test, mask, boxes = good.copy(), np.zeros(good.shape[:2]), []
    if number % 2:
      x1, y1, x2, y2 = BOX
      test[y1 : y2 + 1, x1 : x2 + 1] = 1.0
      mask[y1 : y2 + 1, x1 : x2 + 1] = 1.0
      boxes = [BOX]
    pictures.write_picture(folder / f'{number}_good.png', good)
    pictures.write_picture(folder / f'{number}.png', test)
    pictures.write_picture(folder / 'masks' / f'p{number}.png', mask)
    line = dict(name=f'p{number}', group='even' if number < 2 else 'odd')
    line |= dict(reference=f'{number}_good.png', test=f'{number}.png')
    lines.append(json.dumps(line | dict(boxes=boxes)))
  (folder / 'manifest.jsonl').write_text('\n'.join(lines))
  return folder


def picture(number):
  drawn = textures.smooth_noise(number, 160, 160, (1.0, 3.0))
  return 0.5 * (drawn - drawn.min()) / np.ptp(drawn)


@pytest.fixture
def pairs(folder):
  return benchmark_sets.BenchmarkSet(
    'spots',
    'Spots.',
    manifest.read_manifest(folder / 'manifest.jsonl'),
    masks=folder / 'masks',
  )


@pytest.fixture(scope='module')
def method():
  return benchmark.load_method(default.get_config(), 'absdiff')


def test_a_spot_is_found_and_good_pairs_are_told_the_same(
  method, pairs, tmp_path
):
  (record,) = benchmark.run([method], [pairs], tmp_path)
  found = record['froc']
  assert found['num_pictures'] == 4
  assert found['num_good'] == 2
  assert found['recall_at']['0.1'] == 1.0
  assert found['false_boxes'] == 0
  assert found['told_same'] == 1.0
  assert found['refused'] == 0
  assert record['pixel_ap'] > 0.95
  assert set(record['by_group']) == {'even', 'odd'}
  assert record['by_group']['odd']['num_pictures'] == 2


def test_what_is_done_is_not_measured_again(
  method, pairs, tmp_path, monkeypatch
):
  first = benchmark.run([method], [pairs], tmp_path)
  monkeypatch.setattr(benchmark, '_measure', None)
  assert benchmark.run([method], [pairs], tmp_path) == first
  other = method._replace(fingerprint='other weights')
  with pytest.raises(TypeError):
    benchmark.run([other], [pairs], tmp_path)


def test_a_refused_good_pair_is_not_told_the_same(
  method, pairs, folder, tmp_path
):
  entry = pairs.pairs[0]
  strange = entry._replace(reference_path=folder / '3_good.png')
  pairs = pairs._replace(name='refused', pairs=[strange, pairs.pairs[2]])
  (record,) = benchmark.run([method], [pairs], tmp_path)
  assert record['froc']['refused'] == 1
  assert record['froc']['told_same'] == 0.5
  assert record['froc']['area'] is None


def test_sheets_are_drawn_on_demand(method, pairs, tmp_path):
  benchmark.run([method], [pairs], tmp_path, sheet_tiles=2)
  sheets = tmp_path / 'sheets' / 'absdiff' / 'spots'
  for name in ('false_alarms', 'misses'):
    assert pictures.read_picture(sheets / f'{name}.png').size


def test_two_methods_of_one_name_are_refused(method, pairs, tmp_path):
  with pytest.raises(ValueError, match='have one name'):
    benchmark.run([method, method], [pairs], tmp_path)


def test_the_tables_have_a_row_for_each_method(method, pairs, tmp_path):
  records = benchmark.run([method], [pairs], tmp_path)
  benchmark_report.write(tmp_path, records, notes=['No boards.'])
  text = (tmp_path / 'benchmark.md').read_text()
  assert '### spots' in text
  assert '4 pairs, of which 2 are good; 2 differences.' in text
  assert '| `absdiff` | ' in text
  assert text.endswith('No boards.\n')
  stored = json.loads((tmp_path / 'benchmark.json').read_text())
  assert stored['records'][0]['froc']['area'] == records[0]['froc']['area']


def write_real(folder, names):
  """Real pairs of two sources, as far as lists tell."""
  for kind in benchmark_sets.REAL:
    (folder / kind).mkdir(parents=True)
    lines = []
    for name in names:
      for side in ('reference', 'test'):
        pictures.write_picture(folder / kind / f'{name}_{side}.png', picture(0))
      line = dict(name=name, group='light', boxes=[])
      line |= {side: f'{name}_{side}.png' for side in ('reference', 'test')}
      lines.append(json.dumps(line))
    (folder / kind / 'manifest.jsonl').write_text('\n'.join(lines))
    sources = [dict(name=name, group=name.split('_')[0]) for name in names]
    (folder / kind / 'pairs.json').write_text(json.dumps(sources))


def test_real_pairs_are_split_by_their_source(tmp_path):
  write_real(tmp_path, ['anna_1', 'anna_2', 'ben_1'])
  sets = benchmark_sets.real(tmp_path, develop=['anna'])
  names = {each.name: [pair.name for pair in each.pairs] for each in sets}
  assert names['real_nochange_develop'] == ['anna_1', 'anna_2']
  assert names['real_nochange_measure'] == ['ben_1']
  assert len(names['real_different']) == 3


def test_an_unknown_source_is_refused(tmp_path):
  write_real(tmp_path, ['anna_1', 'ben_1'])
  with pytest.raises(ValueError, match=r'no source carl; .* anna, ben'):
    benchmark_sets.real(tmp_path, develop=['carl'])


def test_sources_that_cannot_be_read_are_named(tmp_path):
  write_real(tmp_path, ['anna_1'])
  (tmp_path / 'nochange' / 'pairs.json').write_text('[1]')
  with pytest.raises(ValueError, match=r'pairs\.json.*name and group'):
    benchmark_sets.real(tmp_path, develop=[])
