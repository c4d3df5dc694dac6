"""Recipes in the browser: taught, downloaded, uploaded and tried."""

from __future__ import annotations

import json
import re
import zipfile

import cv2
import gradio as gr
import numpy as np
import pytest

from tests import drawn_parts
from zeroshot.inspection import result
from zeroshot.recipe import store
from zeroshot.ui import recipe_tab, recipes

PHONE = {'width': 390, 'height': 844}


@pytest.fixture(scope='module')
def place(tmp_path_factory):
  """Three good parts, one picture of something else, a part to try."""
  folder = tmp_path_factory.mktemp('uploads')
  for seed in range(3):
    path = str(folder / f'good{seed}.png')
    drawn_parts.write(path, drawn_parts.part('blue', seed=seed))
  noise = np.random.default_rng(1).integers(0, 255, (192, 256, 3), np.uint8)
  cv2.imwrite(str(folder / 'other.png'), noise)
  drawn_parts.write(str(folder / 'test.png'), drawn_parts.part('green', seed=9))
  return folder


@pytest.fixture(scope='module')
def taught(place, tmp_path_factory):
  names = ('good0.png', 'good1.png', 'good2.png', 'other.png')
  asked = recipes.Asked(
    'cap *blue*', 'default', '0,0,256,192', '0,0,9,9;9,0,20,9', '4px'
  )
  return recipes.teach(
    [str(place / name) for name in names],
    asked,
    tmp_path_factory.mktemp('taught'),
  )


def test_what_was_taught_is_told(taught, place):
  opened, file = taught
  words = opened.words()
  assert words.startswith(r'## cap \*blue\*: 3 parts, stable')
  assert 'with 3 parts' in words
  (line,) = (line for line in words.splitlines() if line.startswith('- '))
  assert line.startswith('- other.png: it does not show the same part')
  assert [caption for _, caption in opened.goods] == ['1', '2', '3']
  assert opened.variation.shape == (192, 256, 3)
  assert file.name == 'cap-blue.recipe.zip'
  read = store.read(file)
  assert read.recipe.name == 'cap *blue*'
  assert read.recipe.min_size == '4px'
  assert len(read.recipe.ignore) == 2
  # The recipe does not tell where the uploads were.
  (event,) = read.history
  assert event['parts'] == ['good0.png', 'good1.png', 'good2.png']
  assert str(place) not in json.dumps(event)


def test_a_part_is_tried_and_filtered(taught, place):
  opened, _ = taught
  test = str(place / 'test.png')
  state, verdict, overlay, _, rows, _ = recipe_tab.inspect(opened, test, 0.5)
  assert state.verdict == result.DIFFERENT
  assert verdict.startswith(f'## Different: {len(rows)}')
  assert overlay.shape == (192, 256, 3)
  state, verdict, *_ = recipe_tab.inspect(opened, test, 0.5, 150)
  assert verdict.startswith('## No difference')
  assert recipe_tab.inspect(None, test, 0.5)[1] == recipe_tab._NOTHING
  _, verdict, *_ = recipe_tab.inspect(opened, str(place / 'other.png'), 0.5)
  assert verdict.startswith('## Could not align')


def test_a_recipe_is_opened_again(taught, place):
  opened = recipes.open_uploaded(str(taught[1]), weights='default')
  assert opened.words().startswith(r'## cap \*blue\*: 3 parts')
  with pytest.raises(ValueError, match=r'other\.png is no recipe'):
    recipes.open_uploaded(str(place / 'other.png'), weights='default')


def test_a_recipe_that_names_a_file_here_is_refused(taught, tmp_path):
  """Else a stranger would learn of the files of this machine."""
  file = tmp_path / 'a.zip'
  with zipfile.ZipFile(taught[1]) as old, zipfile.ZipFile(file, 'w') as new:
    for name in old.namelist():
      content = old.read(name)
      if name == store.RECIPE:
        settings = json.loads(content)
        settings['weights']['name'] = '/etc/hostname'
        content = json.dumps(settings)
      new.writestr(name, content)
  with pytest.raises(ValueError, match="weights '/etc/hostname'; start the"):
    recipes.open_uploaded(str(file), weights='default')


@pytest.mark.parametrize('text', ['1,2,3', 'a,b,c,d', '5,0,5,9', '1,1,9,9;x'])
def test_a_region_that_is_none_is_named(text):
  with pytest.raises(ValueError, match=r'region .*: give x1,y1,x2,y2'):
    recipes.parse_regions(text)


def test_regions_are_read_from_lines():
  assert recipes.parse_regions('') == []
  assert recipes.parse_regions('0,0,9,8\n\n1,2,3,4.5; 5,5,6,6\n') == [
    (0, 0, 9, 8),
    (1, 2, 3, 4.5),
    (5, 5, 6, 6),
  ]


def test_a_mistake_is_shown_without_the_upload_folder(place):
  wrong = [str(place / 'no.png')]
  with pytest.raises(gr.Error) as raised:
    recipe_tab._teach('default', None, wrong, '', '', '', '', None)
  assert 'no.png' in raised.value.message
  assert str(place) not in raised.value.message
  with pytest.raises(gr.Error, match='at least one picture'):
    recipe_tab._teach('default', None, None, '', '', '', '', None)


@pytest.mark.slow
def test_in_a_browser(address, place, chromium, tmp_path):
  context = chromium.new_context(accept_downloads=True)
  opened = context.new_page()
  errors = []
  opened.on('pageerror', lambda error: errors.append(str(error)))
  try:
    opened.goto(address, wait_until='domcontentloaded')
    opened.get_by_role('tab', name='Several good parts').click()
    goods = [str(place / f'good{seed}.png') for seed in range(3)]
    opened.locator('#recipe-pictures input[type=file]').set_input_files(goods)
    opened.get_by_text('good2').first.wait_for()
    opened.locator('#recipe-name textarea, #recipe-name input').fill('cap')
    opened.locator('#recipe-teach').click()
    opened.get_by_text(re.compile('cap: 3 parts')).wait_for(timeout=120_000)
    opened.locator('#recipe-variation img').first.wait_for()
    assert opened.locator('#recipe-goods img').count() >= 3
    with opened.expect_download() as started:
      opened.locator('#recipe-download').click()
    assert started.value.suggested_filename == 'cap.recipe.zip'
    started.value.save_as(tmp_path / 'cap.recipe.zip')
    assert len(store.read(tmp_path / 'cap.recipe.zip').goods) == 3
    test = str(place / 'test.png')
    opened.locator('#recipe-test input[type=file]').set_input_files(test)
    opened.locator('#recipe-test img').first.wait_for()
    opened.locator('#recipe-inspect').click()
    opened.get_by_text(re.compile('Different: ')).wait_for(timeout=60_000)
    # The same recipe, uploaded: what was found with the old one goes.
    opened.locator('#recipe-file input[type=file]').set_input_files(
      tmp_path / 'cap.recipe.zip'
    )
    opened.get_by_text('Teach or upload a recipe').wait_for(timeout=60_000)
    opened.locator('#recipe-inspect').click()
    opened.get_by_text(re.compile('Different: ')).wait_for(timeout=60_000)
    opened.set_viewport_size(PHONE)
    wide = opened.evaluate('document.documentElement.scrollWidth')
    assert wide <= PHONE['width']
    assert errors == []
  finally:
    context.close()
