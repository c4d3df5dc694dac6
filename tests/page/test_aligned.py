"""How a pair was aligned, on the page: data, polygons, and in a browser."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.page import parts
from tests.page.opened import DESKTOP, PHONE, open_page, texts
from zeroshot.page import coverage, write

OLD = ('method', 'shift_px', 'rotation_deg', 'scale', 'residual_px')


def records():
  """A pair with a field, one of an older version, one not aligned."""
  older = parts.line(2, 'older', (0.7, 'short'))
  older['registration'] = {key: older['registration'][key] for key in OLD}
  return [
    parts.with_field(parts.line(1, 'moved', (0.9, 'spur'))),
    older,
    parts.not_aligned(3, 'other part'),
  ]


@pytest.fixture(scope='module')
def page_file(tmp_path_factory):
  folder = tmp_path_factory.mktemp('aligned') / 'results'
  parts.write_inspected(folder, records())
  assert write.write(folder, folder / 'report.html') == ()
  return folder / 'report.html'


def test_the_page_holds_what_it_shows(page_file):
  text = page_file.read_text(encoding='utf-8')
  for name in parts.HOSTILE:
    assert name not in text
  data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1]
  moved, older, other = json.loads(data)['rows']
  assert moved['field'] == records()[0]['local_field']
  (area,) = moved['uncompared']
  assert max(x for x, _ in area) == pytest.approx(8, abs=0.3)
  assert max(y for _, y in area) == pytest.approx(parts.HEIGHT, abs=0.3)
  assert (older['field'], older['uncompared'], older['warnings']) == ([],) * 3
  assert (other['shown'], other['fault']) == (True, None)
  assert 'id="picture-3-alignment"' in text
  assert 'id="picture-3-test"' not in text


def test_a_lost_picture_of_a_pair_not_aligned_is_told(tmp_path):
  parts.write_inspected(tmp_path, records())
  (tmp_path / 'pairs/0003/alignment.png').unlink()
  notes = write.write(tmp_path, tmp_path / 'report.html')
  assert notes == ('The pictures of 1 pairs are missing.',)


def filled(areas, width, height):
  """The polygons by the even-odd rule, bool ``[H, W]``."""
  canvas = np.zeros((height, width), np.uint8)
  corners = [np.round(np.array(area) - 0.5).astype(np.int32) for area in areas]
  return cv2.fillPoly(canvas, corners, 1).astype(bool)


@pytest.mark.parametrize('scale', [1, 8])
def test_polygons_enclose_what_was_not_compared(tmp_path, scale):
  mask = np.full((120 * scale, 200 * scale), 255, np.uint8)
  mask[:, : 30 * scale] = 0
  cv2.circle(mask, (120 * scale, 60 * scale), 40 * scale, 0, -1)
  mask[50 * scale : 70 * scale, 100 * scale : 130 * scale] = 255  # a hole
  cv2.imwrite(str(tmp_path / 'valid.png'), mask)
  size = mask.shape[1], mask.shape[0]
  areas = coverage.uncompared(tmp_path / 'valid.png', size=size)
  assert len(areas) == 3
  assert sum(map(len, areas)) < 80
  assert np.mean(filled(areas, *size) != (mask == 0)) < 0.015
  with pytest.raises(ValueError, match='the results tell of 9x9'):
    coverage.uncompared(tmp_path / 'valid.png', size=(9, 9))
  assert coverage.uncompared(tmp_path / 'none.png', size=size) == []


@pytest.mark.slow
@pytest.mark.parametrize('size', [DESKTOP, PHONE])
def test_both_are_laid_over_each_other(chromium, page_file, size):
  with open_page(chromium, page_file, size) as page:
    page.keyboard.press('6')
    assert page.locator('[name="mode"][value="laid"]').is_checked()
    assert 'Red: reference' in texts(page, '.tag')[0]
    # A dark reference and a bright test picture: cyan, with a little red.
    red, green, blue = pixel(page)
    assert green == blue
    assert red == pytest.approx(0.1 * 255, abs=6)
    assert green == pytest.approx(0.9 * 255, abs=6)
    page.locator('#modes').get_by_text('Overlay').click()
    assert pixel(page) == (pixel(page)[0],) * 3
    assert page.evaluate('document.documentElement.scrollWidth') == size[0]
    bar = page.locator('#modes').bounding_box()
    for label in page.locator('#modes span').all():  # none is cut off
      box = label.bounding_box()
      assert box['x'] + box['width'] <= bar['x'] + bar['width'] + 1


def pixel(page):
  """The colour of the picture's middle as it is on the screen."""
  page.locator('#boxes').uncheck()
  stage = page.locator('#stage')
  data = np.frombuffer(stage.screenshot(), np.uint8)
  shot = cv2.imdecode(data, cv2.IMREAD_COLOR)
  blue, green, red = shot[shot.shape[0] // 2, shot.shape[1] // 2].tolist()
  return red, green, blue


@pytest.mark.slow
def test_the_field_the_area_and_the_figures_are_shown(chromium, page_file):
  with open_page(chromium, page_file) as page:
    assert page.locator('#drawn .uncompared').count() == 1
    assert page.locator('#drawn .arrow').count() == 0
    page.keyboard.press('f')
    assert page.locator('#drawn .arrow').count() == 4
    # The content moved to the left, and the arrows point there.
    d = page.locator('#drawn .arrow path').first.get_attribute('d')
    start, tip = re.match(r'M(\S+) \S+L(\S+) ', d).groups()
    assert float(tip) < float(start)
    assert 'drawn 8 times as long' in page.inner_text('#field-note')
    figures = dict(
      zip(
        texts(page, '#alignment dt'), texts(page, '#alignment dd'), strict=True
      )
    )
    assert figures == {
      'Size': '64 × 48 px',
      'Aligned by': 'affine',
      'Shift': '1.5 px',
      'Rotation': '0.20°',
      'Scale': '1.0000',
      'Local field, most': '3.0 px',
      'Alignment right': '97.0%',
      'Compared': '87.5 %',
    }
    assert texts(page, '#warnings li') == [parts.HOSTILE[0]]
    area = page.locator('#drawn .uncompared path').bounding_box()
    picture = page.locator('#test img').bounding_box()
    # Polygons are exact to a quarter of a pixel.
    scale = picture['width'] / parts.WIDTH
    assert area['width'] == pytest.approx(8 * scale, abs=0.6 * scale)
    assert area['height'] == pytest.approx(picture['height'], abs=0.6 * scale)
    # An older result has neither; both come back with the first.
    page.keyboard.press('j')
    assert page.locator('#drawn .uncompared, #drawn .arrow').count() == 0
    assert page.locator('#field').is_hidden()
    assert page.locator('#warnings').is_hidden()
    assert 'Compared' not in texts(page, '#alignment dt')
    page.keyboard.press('f')  # does nothing: there is no field
    page.keyboard.press('k')
    assert page.locator('#drawn .arrow').count() == 4


@pytest.mark.slow
@pytest.mark.parametrize('size', [DESKTOP, PHONE])
def test_a_pair_not_aligned_shows_both(chromium, page_file, size):
  with open_page(chromium, page_file, size) as page:
    page.keyboard.press('4')  # side by side, where there are two
    page.locator('#rows').get_by_text('other part').click()
    expect(page.locator('#test img')).to_be_visible()
    assert page.locator('#reference').is_hidden()
    assert page.locator('#absent').is_hidden()
    assert 'Red: reference' in texts(page, '.tag')[0]
    assert texts(page, '#warnings li') == [records()[2]['error']]
    assert page.locator('[name="mode"]').first.is_disabled()
    picture = page.locator('#test img').bounding_box()
    assert picture['width'] / picture['height'] == pytest.approx(64 / 48, 0.02)
    assert page.evaluate('document.documentElement.scrollWidth') == size[0]
    page.keyboard.press('k')
    assert page.locator('#reference').is_visible()
    assert page.locator('[name="mode"]').first.is_enabled()
