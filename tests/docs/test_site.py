"""The site: its pages, the links between them, and what runs their commands."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest
import yaml

from tests import test_readme
from tests.codebase import ROOT
from tests.test_rooms import ROOMS

PAGES = sorted((ROOT / 'docs').rglob('*.md'))
# Pages with blocks for a shell, and the test that runs them; a block without
# the word bash has names to fill in, and is not run.
RUN_BY = {
  'README.md': 'tests/test_readme.py',
  'CONTRIBUTING.md': '.ci/run',
  'docs/getting-started.md': 'tests/test_readme.py',
  'docs/line.md': 'tests/docs/test_line_page.py',
  'docs/own-parts.md': 'tests/test_own_parts.py',
  'docs/training.md': 'tests/test_readme.py',
}
LINK = re.compile(r'\]\(([^)\s#]+)')


def load(name):
  """A module of docs/, which is no package."""
  spec = importlib.util.spec_from_file_location(name, ROOT / f'docs/{name}.py')
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


site_pages, site_docstrings = load('site_pages'), load('site_docstrings')


def name_of(file):
  return file.relative_to(ROOT).as_posix()


def navigation(entry):
  """The pages of an entry of mkdocs.yml."""
  if isinstance(entry, str):
    return [entry]
  children = entry.values() if isinstance(entry, dict) else entry
  return [page for child in children for page in navigation(child)]


@pytest.mark.parametrize(
  'file', [*PAGES, *sorted(ROOT.glob('*.md'))], ids=name_of
)
def test_each_link_of_the_repository_leads_to_a_file(file):
  for target in LINK.findall(file.read_text()):
    if '://' not in target:
      assert (file.parent / target).exists(), target


def test_each_page_is_in_the_navigation():
  text = (ROOT / 'mkdocs.yml').read_text()
  nav = navigation(yaml.safe_load(text)['nav'])
  pages = {file.relative_to(ROOT / 'docs').as_posix() for file in PAGES}
  notebooks = (ROOT / 'docs/notebooks').glob('*.ipynb')
  pages |= {f'notebooks/{file.name}' for file in notebooks}
  elsewhere = {u for u in site_pages.ELSEWHERE if u.endswith('.md')}
  assert sorted(nav) == sorted({*pages, *elsewhere, 'reference/'})


def test_every_page_whose_commands_are_run_says_so():
  files = [*PAGES, *ROOT.glob('*.md')]
  assert {
    name_of(file) for file in files if '\n```bash\n' in file.read_text()
  } == set(RUN_BY)
  assert all((ROOT / test).exists() for test in RUN_BY.values())
  assert set(test_readme.PAGES) < set(RUN_BY)


def test_links_between_places_are_changed():
  relink = site_pages.relink
  assert relink('[a](docs/line.md#x)', 'index.md') == '[a](line.md#x)'
  assert relink('[a](LICENSE)', 'index.md') == '[a](license.md)'
  assert relink('[a](../launch/tpu.md)', 'distributed.md') == '[a](tpu.md)'
  card = 'weights/deeppcb.md'
  assert relink('[a](../../docs/few_shot.png)', card) == '[a](../few_shot.png)'
  assert relink('[a](procedural.md)', card) == '[a](procedural.md)'
  for same in ('[a](https://x.y/z)', '[a](#there)', '[a](../zeroshot/x.py)'):
    assert relink(same, 'line.md') == same


def test_every_room_and_each_of_its_files_has_its_place_in_the_reference():
  assert site_pages.rooms() == list(reversed(ROOMS))
  text = '\n'.join(map(site_pages.reference_page, ROOMS))
  listed = re.findall(r'^::: (\S+)$', text, re.MULTILINE)
  files = map(name_of, (ROOT / 'zeroshot').rglob('*.py'))
  modules = {
    file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')
    for file in files
  }
  assert sorted(listed) == sorted(modules - {'zeroshot', 'zeroshot.__main__'})


def test_examples_of_a_docstring_become_code():
  fence = site_docstrings.fence_examples
  assert fence('One line.') == 'One line.'
  text = 'A title.\n\n  x = f(1)\n\nA sentence, and (another one).'
  assert fence(text) == (
    'A title.\n\n```python\nx = f(1)\n```\n\nA sentence, and (another one).'
  )
  listed = 'A title.\n\nFiles:\n  one    the first\n  three  the last'
  assert fence(listed).endswith(
    'Files:\n\n```text\none    the first\nthree  the last\n```'
  )


@pytest.mark.slow
def test_a_broken_link_stops_the_build(tmp_path):
  """Of the settings of mkdocs.yml, on pages that are built in a second."""
  settings = yaml.safe_load((ROOT / 'mkdocs.yml').read_text())
  (tmp_path / 'docs').mkdir()
  (tmp_path / 'mkdocs.yml').write_text(
    yaml.safe_dump(
      {name: settings[name] for name in ('site_name', 'theme', 'validation')}
    )
  )

  def build(text):
    (tmp_path / 'docs/index.md').write_text(text)
    return subprocess.run(
      [sys.executable, '-m', 'mkdocs', 'build', '--strict'],
      cwd=tmp_path,
      capture_output=True,
      text=True,
    )

  whole = build('# Title\n\n[here](index.md#title)\n')
  assert whole.returncode == 0, whole.stderr
  for broken in ('[a](none.md)', '[a](index.md#none)'):
    done = build(f'# Title\n\n{broken}\n')
    assert done.returncode == 1
    assert 'none' in done.stderr
