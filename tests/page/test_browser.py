"""The page in a real Chromium, as used."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page import parts
from tests.page.opened import names, open_page, set_threshold, texts

pytestmark = pytest.mark.slow


def test_the_slider_filters_boxes_and_verdicts(chromium, report):
  with open_page(chromium, report) as page:
    boxes = page.locator('#drawn .box')
    assert boxes.count() == 2  # of the first pair
    tiles = texts(page, '#tiles b')
    assert tiles[:4] == ['3', '2', '1', '6']
    assert 'As stored' in page.inner_text('#threshold-note')
    set_threshold(page, 0.1)
    assert boxes.count() == 3
    assert texts(page, '#tiles b')[:3] == ['4', '1', '1']
    assert '1 of 6 verdicts differ' in page.inner_text('#threshold-note')
    set_threshold(page, 0.925)
    assert boxes.count() == 0
    assert texts(page, '#rows tr:first-child .chip.live') == ['Same']
    assert texts(page, '#rows tr:first-child .number')[0] == '0'
    page.click('#stored')
    assert boxes.count() == 2
    assert texts(page, '#tiles b') == tiles


def test_boxes_lie_where_they_were_found(chromium, report):
  with open_page(chromium, report) as page:
    scale = page.locator('#test img').bounding_box()
    drawn = page.locator('#drawn .box rect').nth(1).bounding_box()
    shrink = scale['width'] / parts.WIDTH
    assert scale['height'] == pytest.approx(shrink * parts.HEIGHT, abs=1)
    middle = drawn['x'] + drawn['width'] / 2 - scale['x']
    assert middle == pytest.approx(shrink * (4 + 6), abs=1)
    page.keyboard.press('+')
    larger = page.locator('#test img').bounding_box()
    assert larger['width'] == pytest.approx(1.3 * scale['width'], rel=0.01)
    again = page.locator('#drawn .box rect').nth(1).bounding_box()
    middle = again['x'] + again['width'] / 2 - larger['x']
    assert middle == pytest.approx(1.3 * shrink * (4 + 6), abs=1)
    # A drag moves the picture; 0 brings it back.
    stage = page.locator('#stage').bounding_box()
    x, y = stage['x'] + stage['width'] / 2, stage['y'] + stage['height'] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y)
    page.mouse.up()
    moved = page.locator('#test img').bounding_box()
    assert moved['x'] == pytest.approx(larger['x'] - 40, abs=1)
    page.keyboard.press('0')
    assert page.locator('#test img').bounding_box() == scale
    page.locator('#found tbody button').first.click()
    assert page.locator('#test img').bounding_box()['width'] > scale['width']


def test_swipe_divides_the_pictures(chromium, report):
  with open_page(chromium, report) as page:
    page.get_by_text('Swipe').click()
    stage = page.locator('#stage').bounding_box()
    divider = page.locator('#divider')
    middle = stage['x'] + stage['width'] / 2
    y = stage['y'] + stage['height'] / 2
    page.mouse.move(middle, y)
    page.mouse.down()
    page.mouse.move(stage['x'] + stage['width'] * 0.8, y)
    page.mouse.up()
    assert divider.get_attribute('aria-valuenow') == '80'
    divider.focus()
    page.keyboard.press('ArrowLeft')
    assert divider.get_attribute('aria-valuenow') == '78'
    left, right = (
      page.locator(f'#{name}').evaluate('e => e.style.clipPath')
      for name in ('reference', 'test')
    )
    cut = 0.78 * stage['width']
    assert f'{stage["width"] - cut:.0f}' == f'{pixels(left)[1]:.0f}'
    assert f'{cut:.0f}' == f'{pixels(right)[3]:.0f}'
    assert texts(page, '.tag') == ['Reference', 'Test']


def pixels(clip):
  """Top, right, bottom and left of an inset."""
  return [float(word.rstrip('px')) for word in clip[6:-1].split()]


def test_blink_goes_by_itself_and_by_space(chromium, report):
  with open_page(chromium, report) as page:
    side = page.locator('#stage')
    page.keyboard.press('3')
    expect(side).to_have_attribute('data-side', 'reference')
    expect(side).to_have_attribute('data-side', 'test')
    page.keyboard.press(' ')
    assert page.inner_text('#play') == 'Play'
    before = side.get_attribute('data-side')
    page.wait_for_timeout(700)
    assert side.get_attribute('data-side') == before
    page.keyboard.press(' ')
    now = side.get_attribute('data-side')
    assert {before, now} == {'reference', 'test'}
    assert page.locator(f'#{now}').is_visible()
    assert page.locator(f'#{before}').is_hidden()
    page.click('#play')
    assert page.inner_text('#play') == 'Pause'


def test_blink_rests_where_motion_is_not_wanted(chromium, report):
  with open_page(chromium, report, reduced_motion='reduce') as page:
    page.keyboard.press('3')
    page.wait_for_timeout(700)
    assert page.get_attribute('#stage', 'data-side') == 'test'
    page.keyboard.press(' ')
    assert page.get_attribute('#stage', 'data-side') == 'reference'


def test_the_table_is_searched_and_sorted(chromium, report):
  with open_page(chromium, report) as page:
    assert len(names(page)) == 6
    page.click('[data-key="name"]')
    assert [n for n in names(page) if n.startswith('part')] == [
      'part 9',
      'part 10',
      'part 11',
    ]
    page.click('[data-key="boxes"]')
    assert names(page)[0] == 'part 10'
    assert page.locator('.list th[aria-sort="descending"]').count() == 1
    page.click('[data-key="top"]')
    assert names(page)[0] == parts.HOSTILE[0]
    page.click('[data-key="seconds"]')
    page.click('[data-key="seconds"]')
    assert names(page)[0] == parts.HOSTILE[1]  # took no time
    page.click('[data-key="verdict"]')
    assert texts(page, '#rows .chip')[-1] == 'Same'
    page.keyboard.press('/')
    page.keyboard.type('SCRATCH')  # a kind
    assert names(page) == [parts.HOSTILE[2]]
    page.fill('#search', 'no such part')
    assert page.inner_text('#shown') == 'No pair matches the search.'
    page.fill('#search', '')
    page.select_option('#filter', 'error')
    assert names(page) == [parts.HOSTILE[1]]
    assert 'the picture is cut short' in page.inner_text('#absent')


def test_keys_go_from_pair_to_pair(chromium, report):
  with open_page(chromium, report) as page:
    assert page.inner_text('#name') == 'part 10'
    page.keyboard.press('j')
    assert page.inner_text('#name') == 'part 9'
    # By Tab into the table, where one row is reached, and on by arrows.
    page.focus('[data-key="seconds"]')
    page.keyboard.press('Tab')
    focused = 'document.activeElement.textContent'
    assert page.evaluate(focused) == 'part 9'
    page.keyboard.press('ArrowDown')
    assert page.evaluate(focused) == parts.HOSTILE[0]
    assert page.inner_text('#name') == parts.HOSTILE[0]
    assert parts.HOSTILE[1] in texts(page, '#legend li')[0]
    for _ in range(2):
      page.keyboard.press('k')
    assert page.inner_text('#name') == 'part 10'
    assert page.locator('#previous').is_disabled()
    assert page.locator('#next').is_enabled()


def test_next_and_previous_follow_the_listed_order(chromium, report):
  with open_page(chromium, report) as page:
    for _ in range(2):
      page.click('[data-key="boxes"]')
    assert names(page)[-1] == 'part 10'
    assert page.locator('#previous').is_enabled()
    assert page.locator('#next').is_disabled()
    page.click('[data-key="boxes"]')
    assert page.locator('#previous').is_disabled()
    page.fill('#search', 'part 10')
    assert page.locator('#next').is_disabled()
    page.fill('#search', '')
    page.click('#next')
    assert page.inner_text('#name') == 'part 9'
    page.click('#previous')
    # Not listed at another threshold: next goes to what is.
    page.select_option('#filter', 'different')
    set_threshold(page, 0.925)
    assert names(page) == [parts.HOSTILE[0]]
    assert page.locator('#previous').is_disabled()
    page.click('#next')
    assert page.inner_text('#name') == parts.HOSTILE[0]
    page.click('#stored')
    page.select_option('#filter', '')
    page.get_by_role('button', name='part 10').click()


def test_a_key_that_the_focus_uses_is_not_taken(chromium, report):
  with open_page(chromium, report) as page:
    page.focus('#threshold')
    page.keyboard.press('ArrowUp')
    assert page.inner_text('#name') == 'part 10'
    page.focus('#boxes')
    page.keyboard.press(' ')
    assert page.locator('#drawn .box').count() == 0


def test_what_is_not_shown_is_told(chromium, report):
  with open_page(chromium, report) as page:
    page.get_by_role('button', name='part 11').click()
    assert 'test.png: no such file' in page.inner_text('#absent')
    assert page.locator('#drawn .box').count() == 0
    assert 'pictures of 1 pairs are missing' in page.inner_text('#notes')
    errors = page.inner_text('#errors')
    assert parts.HOSTILE[1] in errors
    assert 'the picture is cut short' in errors
