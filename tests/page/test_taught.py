"""The page of parts that a recipe judged: its good parts and its variation."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.page import opened, parts
from tests.recipe.test_recipe import settings
from zeroshot.page import write
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe import summary
from zeroshot.recipe.taught import BAR, Taught
from zeroshot.registration.warp import identity

SHIFT = 8.0  # of the part in its picture, to the right
MAP = '#variation-map'


def taught(**changes):
  """Two good parts of the pages' size, which differ at the right."""
  draws = np.random.default_rng(0)
  shape = parts.HEIGHT, parts.WIDTH
  goods = tuple(
    draws.integers(0, 256, (*shape, 3)).astype(np.uint8) for _ in range(2)
  )
  bar = np.full((parts.HEIGHT // 4, parts.WIDTH // 4), 12, np.float32)
  bar[:, -4:] = 120
  plain = dict(has_ignore_mask=False, min_size=None, name=parts.HOSTILE[0])
  recipe = recipes.from_json(settings(**plain | changes), place='')
  return Taught(recipe, goods, (identity(shape),) * 2, {BAR: bar}, None, ())


def folder_of(tmp_path, recipe):
  placed = {
    'good_part': 2,
    'to_frame': [[1.0, 0.0, -SHIFT], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
  }
  rows = [parts.line(1, 'bad', (0.9, 'spur')) | placed, parts.line(2, 'older')]
  folder = parts.write_inspected(tmp_path / 'results', rows)
  summary.write(folder / summary.FOLDER, recipe)
  return folder


@pytest.mark.parametrize('size', [opened.DESKTOP, opened.PHONE])
def test_good_parts_and_their_variation_are_shown(tmp_path, chromium, size):
  words = '2 parts: part 2 is the odd one'
  folder = folder_of(tmp_path, taught(verdict=words, tolerance=1.5))
  write.write(folder, folder / 'report.html')
  with opened.open_page(chromium, folder / 'report.html', size) as page:
    assert page.inner_text('#recipe-name') == f'Recipe {parts.HOSTILE[0]}'
    assert page.inner_text('#recipe-verdict') == words
    assert opened.texts(page, '#goods li') == ['1 · red · frame', '2']
    assert opened.texts(page, '#goods [aria-current]') == ['2']
    assert 'good part 2' in page.inner_text('#goods-compared')
    assert not page.locator(MAP).is_visible()
    page.locator('#variation').check()
    test, there = (
      page.locator(each).bounding_box() for each in ('#test img >> nth=0', MAP)
    )
    scale = test['width'] / parts.WIDTH
    assert there['x'] == pytest.approx(test['x'] + scale * SHIFT, abs=1)
    assert there['y'] == pytest.approx(test['y'], abs=1)
    assert there['width'] == pytest.approx(test['width'], abs=1)
    assert there['height'] == pytest.approx(test['height'], abs=1)
    clip = page.evaluate(
      f"getComputedStyle(document.querySelector('{MAP}')).clipPath"
    )
    # Of 16x12 cells, where the part's left side lies beyond the picture.
    assert clip == 'polygon(-2px 0px, 14px 0px, 14px 12px, -2px 12px)'
    assert page.inner_text('#variation-least') == '12'
    assert page.inner_text('#variation-most') == '120'
    assert '1.5 times' in page.inner_text('#variation-words')
    wide = page.evaluate('document.documentElement.scrollWidth')
    assert wide <= size[0]
    # A row of before has no place in the frame.
    page.get_by_role('button', name='older').click()
    assert not page.locator(MAP).is_visible()
    assert not page.locator('#variation').is_visible()
    assert page.locator('#goods [aria-current]').count() == 0


def test_a_damaged_summary_is_told(tmp_path):
  folder = folder_of(tmp_path, taught())
  content = json.loads((folder / 'recipe/summary.json').read_text())
  content['recipe']['threshold'] = 2
  (folder / 'recipe/summary.json').write_text(json.dumps(content))
  (note,) = write.write(folder, folder / 'report.html')
  assert note.startswith('The recipe cannot be shown: ')
  assert 'threshold is 2' in note
  (folder / 'recipe/good/0002.png').unlink()
  content['recipe']['threshold'] = 0.5
  (folder / 'recipe/summary.json').write_text(json.dumps(content))
  (note,) = write.write(folder, folder / 'report.html')
  assert '0002.png' in note


def test_one_good_part_has_no_variation(tmp_path):
  alone = taught()
  alone = alone._replace(goods=alone.goods[:1], moves=alone.moves[:1], maps={})
  folder = folder_of(tmp_path, alone)
  assert summary.read(folder / summary.FOLDER).variation is None
  assert write.write(folder, folder / 'report.html') == ()


@pytest.mark.parametrize(
  'placed', [{'good_part': 1, 'to_frame': [[1, 0, 0]]}, {'good_part': 'one'}]
)
def test_a_place_that_is_none_is_refused(tmp_path, placed):
  folder = tmp_path / 'results'
  parts.write_inspected(folder, [parts.line(1, 'bad') | placed])
  with pytest.raises(ValueError, match='good_part'):
    write.write(folder, folder / 'report.html')
