"""A pair with 70 boxes stays readable: labels, order, least size."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.page import parts
from tests.page.opened import DESKTOP, PHONE, open_page, texts
from zeroshot.page import inspected, write

COUNT = 70
WIDTH, HEIGHT = 700, 420
MARKS = '#drawn > svg > rect[rx]'  # grounds of labels


def boxes():
  """In rows of ten: size grows with the index, confidence falls."""
  return [
    {
      'x1': 10 + 68 * (index % 10),
      'y1': 10 + 58 * (index // 10),
      'x2': 16 + 68 * (index % 10),
      'y2': 18 + 58 * (index // 10),
      'confidence': round(0.99 - 0.005 * index, 4),
      'kind': 'difference',
      'size_px': 4.0 + index,
      'size_mm': round(0.05 * (4 + index), 3),
      'area_px': 20,
      'sign': 'darker',
      'severity': 1.0 + index,
    }
    for index in range(COUNT)
  ]


@pytest.fixture(scope='module')
def crowded(tmp_path_factory):
  folder = tmp_path_factory.mktemp('crowded') / 'results'
  line = parts.line(1, 'dusty') | {'width': WIDTH, 'height': HEIGHT}
  line |= {'boxes': boxes(), 'candidates': boxes(), 'verdict': 'different'}
  parts.write_inspected(folder, [line, parts.line(2, 'older', (0.9, 'spur'))])
  run = json.loads((folder / 'run.json').read_text())
  run |= {'min_size_px': 4.0, 'mm_per_px': 0.05}
  (folder / 'run.json').write_text(json.dumps(run))
  write.write(folder, folder / 'report.html')
  return folder / 'report.html'


def test_older_boxes_have_no_sizes():
  (plain,) = inspected._lists([parts.box(0.9)])
  assert plain == [10, 10, 22, 19, 0.9, 'spur', *[None] * 5]


def sizes(page):
  return texts(page, '#found tbody td:nth-child(3)')


@pytest.mark.slow
@pytest.mark.parametrize(('size', 'most'), [(DESKTOP, 14), (PHONE, 5)])
def test_the_surest_have_labels_and_none_hides_another(
  chromium, crowded, size, most
):
  with open_page(chromium, crowded, size) as page:
    expect(page.locator('#drawn .box')).to_have_count(COUNT)
    assert 1 <= page.locator(MARKS).count() <= most
    places = [mark.bounding_box() for mark in page.locator(MARKS).all()]
    for index, one in enumerate(places):
      for other in places[:index]:
        apart_x = abs(one['x'] - other['x']) >= one['width'] - 2
        apart_y = abs(one['y'] - other['y']) >= one['height'] - 2
        assert apart_x or apart_y
    words = page.locator('#drawn > svg > text').all_text_contents()
    assert set(words) <= {f'D {99 - n}%' for n in range(8)} | {'D'}
    assert page.evaluate('document.documentElement.scrollWidth') == size[0]


@pytest.mark.slow
def test_a_box_that_is_pointed_at_has_its_label(chromium, crowded):
  with open_page(chromium, crowded) as page:
    expect(page.locator('#drawn .box')).to_have_count(COUNT)
    assert page.locator('#drawn .pointed').count() == 0
    place = page.locator('#drawn .box').nth(44).bounding_box()
    page.mouse.move(
      place['x'] + place['width'] / 2, place['y'] + place['height'] / 2
    )
    (words,) = page.locator('#drawn .pointed text').all_text_contents()
    assert words.split() == ['D', 'difference', '77%', '2.4', 'mm', 'darker']
    (line,) = texts(page, '#found tr.pointed')
    assert '2.4 mm' in line
    page.mouse.move(2, 2)
    assert page.locator('#drawn .pointed').count() == 0
    # Zoomed in, fewer are in sight, and those have labels.
    page.locator('#found tbody button').first.click()
    assert page.locator('#drawn .pointed').count() == 1


@pytest.mark.slow
def test_the_list_is_sorted_by_severity_or_what_else_is_asked(
  chromium, crowded
):
  with open_page(chromium, crowded) as page:
    assert sizes(page)[0] == '3.65 mm'
    assert sizes(page)[-1] == '0.2 mm'
    page.click('[data-sort="confidence"]')
    assert sizes(page)[0] == '0.2 mm'
    page.click('[data-sort="size"]')
    assert sizes(page)[0] == '3.65 mm'
    page.click('[data-sort="size"]')
    assert sizes(page)[0] == '0.2 mm'
    page.click('[data-key="severity"]')
    assert texts(page, '#rows .number')[2] == '70'


@pytest.mark.slow
def test_the_least_size_filters_boxes_and_verdicts(chromium, crowded):
  with open_page(chromium, crowded) as page:
    assert page.inner_text('#size-value') == '0.2 mm'
    page.locator('#size').fill('50')
    expect(page.locator('#size-value')).to_have_text('1.05 mm')  # 21 px
    assert page.locator('#drawn .box').count() == COUNT - 17
    page.locator('#threshold').fill('0.8')
    # Indices 17 to 38: not small, and sure enough.
    expect(page.locator('#drawn .box')).to_have_count(22)
    page.locator('#size').fill('100')
    expect(page.locator('#drawn .box')).to_have_count(0)
    assert texts(page, '#tiles b')[:2] == ['0', '2']
    page.click('#stored')
    expect(page.locator('#drawn .box')).to_have_count(COUNT)
    assert page.inner_text('#size-value') == '0.2 mm'
    # An older result has sizes of its boxes' sides alone.
    page.get_by_role('button', name='older').click()
    assert sizes(page) == ['12 px']
