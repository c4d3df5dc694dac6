"""The command that a page gives for a good part that was told different."""

from __future__ import annotations

import json
import shlex

from tests.page import opened, parts
from zeroshot.page import write


def folder_of(tmp_path, **settings):
  """A folder of two parts, one of them different, in a place with a space."""
  rows = [parts.line(1, 'bad', (0.9, 'spur')), parts.line(2, 'good')]
  folder = parts.write_inspected(tmp_path / 'lot 7', rows)
  stored = json.loads((folder / 'run.json').read_text())
  (folder / 'run.json').write_text(json.dumps({**stored, **settings}))
  return folder


def test_a_recipe_is_told_how_to_learn_a_part(tmp_path, chromium):
  folder = folder_of(tmp_path, recipe='my parts/plug.recipe')
  out = folder / 'report.html'
  write.write(folder, out)
  with opened.open_page(chromium, out) as page:
    page.get_by_role('button', name='bad').click()
    page.get_by_text('This part is good').click()
    command = page.locator('.accept code').inner_text()
    page.get_by_role('button', name='good', exact=True).click()
    assert page.locator('.accept').count() == 0
  program, what, recipe, result = shlex.split(command)
  assert (program, what, recipe) == (
    'zeroshot',
    'accept',
    'my parts/plug.recipe',
  )
  pictures = parts.line(1, 'bad', (0.9, 'spur'))['pictures']
  assert result == str((folder / pictures).resolve())


def test_without_a_recipe_there_is_nothing_to_learn(tmp_path):
  folder = folder_of(tmp_path)
  write.write(folder, folder / 'report.html')
  assert 'zeroshot accept' not in (folder / 'report.html').read_text()
