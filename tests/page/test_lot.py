"""The page of a lot: counts, verdicts over time, where the differences were."""

from __future__ import annotations

import json
import logging
import re

import cv2
import numpy as np
import pytest

from tests.line import parts
from zeroshot.inspection import lot as lots
from zeroshot.line import watch
from zeroshot.page import charts, lot, write


@pytest.fixture
def folder(tmp_path):
  """The results of a watch: ten good, five bad parts and one of another."""
  pictures, out = tmp_path / 'in', tmp_path / 'out'
  pictures.mkdir()
  for number in range(15):
    data = parts.bad() if number % 3 == 0 else parts.good()
    (pictures / f'p{number:02d}.png').write_bytes(data)
  (pictures / '<b>.png').write_bytes(parts.other())
  settings = watch.Settings(settle_s=0, patience_s=0)
  log = logging.getLogger('test')
  line = watch.Watch(parts.OnePart(), pictures, out, settings, log)
  for arrival in line._arrivals.ready():
    line.take(arrival)
  return out


def page_of(folder, **options):
  out = folder.parent / 'page.html'
  assert write.write(folder, out, **options) == ()
  return out.read_text()


def test_counts_and_the_parts_to_look_at(folder):
  page = page_of(folder)
  for count, verdict in ((10, 'same'), (5, 'different'), (1, 'error')):
    assert f'<b>{count}</b><span>{verdict}, {count / 16:.1%}' in page
  assert '&lt;b&gt;' in page
  assert '<b>.png' not in page
  listed = re.findall(r'scope="row">(p\d\d)<', page)
  assert sorted(listed, reverse=True) == [*('p12', 'p09', 'p06', 'p03', 'p00')]
  assert 'data:image/webp' in page
  assert 'The boxes of the last 5 parts' in page
  assert 'data:image/webp' not in page_of(folder, max_pictures=0)


def test_a_torn_line_and_a_lost_result_are_left_out(folder):
  with (folder / lots.LOT).open('a') as file:
    file.write('2026-01-01,torn')
  (folder / 'p00.json').unlink()
  page = page_of(folder)
  assert 'The boxes of the last 4 parts' in page
  assert 'torn' not in page


def test_lots_that_are_none(tmp_path):
  (tmp_path / lots.LOT).write_text(','.join(lots.COLUMNS) + '\n')
  with pytest.raises(ValueError, match='nothing was judged'):
    page_of(tmp_path)
  (tmp_path / lots.LOT).write_text('a,b\n')
  with pytest.raises(ValueError, match='other columns'):
    page_of(tmp_path)


def test_each_part_heats_a_place_once():
  heat = np.zeros((10, 20), np.float32)
  box = dict(x1=20.0, y1=10.0, x2=60.0, y2=40.0)
  record = dict(width=200, height=100, boxes=[box, box])
  lot.mark_boxes(heat, record)
  expected = np.zeros((10, 20), np.float32)
  expected[1:4, 2:6] = 1
  np.testing.assert_array_equal(heat, expected)
  lot.mark_boxes(heat, record)
  assert heat.max() == 2


def test_without_heat_the_picture_is_grey_and_else_as_it_is():
  picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
  heat = np.zeros((8, 8), np.float32)
  heat[2, 3] = 1
  drawn = lot.blend(picture, heat)
  grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
  cold = heat == 0
  np.testing.assert_array_equal(drawn[cold], grey[cold][:, None].repeat(3, 1))
  assert (drawn[2, 3] != grey[2, 3]).any()


def test_bars_fill_the_height_by_their_shares():
  svg = charts.stacked([[3, 1], [0, 4]], kinds=('same', 'error'), y_label='a')
  bars = re.findall(r'<rect class="(\w+)".*?height="([\d.]+)"', svg)
  assert [kind for kind, _ in bars] == ['same', 'error', 'error']
  first, second, third = (float(height) for _, height in bars)
  assert first == pytest.approx(3 * second, rel=0.01)
  assert third == pytest.approx(first + second, rel=0.01)


def test_a_damaged_result_has_no_heat(tmp_path):
  file = tmp_path / 'a.json'
  box = dict(x1=0, y1=0, x2=1, y2=1)
  for content in (
    '[',
    '[]',
    json.dumps(dict(boxes=[box])),
    json.dumps(dict(boxes=[{**box, 'x2': 1e9}], width=9, height=9)),
    json.dumps(dict(boxes=[{**box, 'x1': -5}], width=9, height=9)),
  ):
    file.write_text(content)
    assert lot._read(file) is None
  assert lot._read(tmp_path / 'none.json') is None
  file.write_text(json.dumps(dict(boxes=[box], width=9, height=9)))
  assert lot._read(file) is not None
