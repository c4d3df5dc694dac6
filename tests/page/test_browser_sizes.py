"""The page with thousands of rows, and on a phone."""

from __future__ import annotations

import json
import time

import pytest

from tests.page import parts
from tests.page.opened import PHONE, open_page, set_threshold, texts
from zeroshot.page import write

pytestmark = pytest.mark.slow


def test_thousands_of_rows_stay_light(chromium, tmp_path):
  candidates = [(0.1 + 0.08 * index, 'spur') for index in range(10)]
  rows = [parts.line(row, f'part {row}', *candidates) for row in range(1, 4001)]
  for row in rows:
    row['pictures'] = rows[0]['pictures']
  parts.write_inspected(tmp_path, rows[:1])
  text = ''.join(json.dumps(row) + '\n' for row in rows)
  (tmp_path / 'results.jsonl').write_text(text)
  write.write(tmp_path, tmp_path / 'report.html', max_pictures=3)
  with open_page(chromium, tmp_path / 'report.html') as page:
    assert page.locator('#rows tr').count() == 200
    page.click('#more')
    assert page.locator('#rows tr').count() == 400
    start = time.perf_counter()
    set_threshold(page, 0.3)
    assert time.perf_counter() - start < 2
    assert texts(page, '#tiles b')[0] == '4000'


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('kind', ['inspected', 'evaluated'])
def test_a_phone_shows_all_of_it(chromium, report, tmp_path, kind, scheme):
  file = report
  if kind == 'evaluated':
    folder = parts.write_evaluated(tmp_path / 'evaluation')
    file = folder / 'report.html'
    write.write(folder, file)
  with open_page(chromium, file, PHONE, color_scheme=scheme) as page:
    assert page.evaluate('document.documentElement.scrollWidth') == PHONE[0]
    ground, ink = (
      page.evaluate(f'getComputedStyle(document.body).{name}')
      for name in ('backgroundColor', 'color')
    )
    assert (brightness(ground) > brightness(ink)) == (scheme == 'light')


def brightness(colour):
  """Of ``rgb(r, g, b)``."""
  return sum(map(int, colour[4:-1].split(',')))
