"""All pairs at a glance: verdicts in their order, where differences were."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page import parts
from tests.page.opened import DESKTOP, PHONE, open_page
from zeroshot.page import write

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def lot(tmp_path_factory):
  """Nine pairs with a box in one place, each third with another; an error."""
  folder = tmp_path_factory.mktemp('lot') / 'results'
  rows = [
    parts.line(
      row, f'part {row}', (0.9, 'spur'), *[(0.7, 'open')] * (row % 3 == 0)
    )
    for row in range(1, 10)
  ]
  rows.append(parts.not_aligned(10, 'other part'))
  parts.write_inspected(folder, rows)
  write.write(folder, folder / 'report.html')
  return folder / 'report.html'


def test_bars_and_the_heat_map_follow_the_sliders(chromium, lot):
  with open_page(chromium, lot) as page:
    assert page.locator('#overview-bars .bar').count() == 10
    assert page.locator('#overview-bars .bar.different').count() == 9
    assert page.locator('#overview-bars .bar.error').count() == 1
    assert 'in 9 of 10 pairs' in page.inner_text('#overview-most')
    hot = page.locator('#overview-heat .hot').count()
    heights = [
      float(bar.get_attribute('height'))
      for bar in page.locator('#overview-bars .bar').all()[:3]
    ]
    assert heights[0] == heights[1] < heights[2]
    page.locator('#threshold').fill('0.8')
    expect(page.locator('#threshold-value')).to_have_text('0.800')
    assert page.locator('#overview-heat .hot').count() < hot
    page.locator('#threshold').fill('1')
    expect(page.locator('#overview-bars .bar.same')).to_have_count(9)
    assert page.locator('#overview-heat .hot').count() == 0
    page.locator('#overview-bars .bar').nth(4).click()
    assert page.inner_text('#name') == 'part 5'


@pytest.mark.parametrize('size', [DESKTOP, PHONE])
def test_it_fits_the_screen(chromium, lot, size):
  with open_page(chromium, lot, size) as page:
    assert page.locator('#overview').is_visible()
    assert page.evaluate('document.documentElement.scrollWidth') == size[0]
