"""Pages of the site that are kept elsewhere, and the links to them.

mkdocs calls the functions; ``hooks`` in mkdocs.yml names this file. Links of a
page hold in the repository; where a target is a page of the site under another
path, the link is changed to that.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = 'reference'
WEIGHTS = 'zeroshot/weights'
# Pages and pictures of the site -> files of the repository.
ELSEWHERE = {
  'index.md': 'README.md',
  'changelog.md': 'CHANGELOG.md',
  'contributing.md': 'CONTRIBUTING.md',
  'tpu.md': 'launch/tpu.md',
  'license.md': 'LICENSE',
  **{
    f'weights/{file.name}': f'{WEIGHTS}/{file.name}'
    for file in sorted((ROOT / WEIGHTS).iterdir())
    if file.suffix in ('.md', '.png')
  },
}
_LINK = re.compile(r'(?<=\]\()(?!\w+:|#|/)([^)\s#]+)(#[^)\s]*)?(?=\))')


def on_config(config: MkDocsConfig) -> MkDocsConfig:
  """Lists a page for each room where the navigation names the reference."""
  for entry in config.nav or ():
    for title, target in entry.items():
      if target == f'{REFERENCE}/':
        pages = [{room: f'{REFERENCE}/{room}.md'} for room in rooms()]
        entry[title] = [f'{REFERENCE}/index.md', *pages]
  return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
  """Adds the pages that are kept elsewhere, and those of the reference."""
  for uri, source in ELSEWHERE.items():
    if source == 'LICENSE':
      text = (ROOT / source).read_text()
      page = File.generated(
        config, uri, content=f'# Licence\n\n```text\n{text}```\n'
      )
    else:
      page = File.generated(config, uri, abs_src_path=str(ROOT / source))
    files.append(page)
  reference = {room: reference_page(room) for room in rooms()}
  for name, text in {'index': first_page(), **reference}.items():
    files.append(File.generated(config, f'{REFERENCE}/{name}.md', content=text))
  return files


def on_page_markdown(
  markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
  """Changes the links of a page to those of the site."""
  del config, files
  return relink(markdown, page.file.src_uri)


def rooms() -> list[str]:
  """Names of the rooms of ``zeroshot/``, from top to bottom."""
  text = ast.get_docstring(
    ast.parse((ROOT / 'zeroshot/__init__.py').read_text())
  )
  return re.findall(r'^  (\w+)  +\w', text or '', re.MULTILINE)


def first_page() -> str:
  """Markdown of the page that opens the reference."""
  names = re.findall(
    r"^  '(\w+)': '([\w.]+)',$",
    (ROOT / 'zeroshot/__init__.py').read_text(),
    re.MULTILINE,
  )
  lines = [f'- [`zeroshot.{name}`][{module}.{name}]' for name, module in names]
  return (
    '# API reference\n\nMost programs need what the package itself has:\n\n'
    + '\n'.join(lines)
    + '\n\nThe rest is a page for each room, from top to bottom; '
    '[architecture](../architecture.md) shows how they hang together. '
    'Names that begin with `_` are left out.\n'
  )


def reference_page(room: str) -> str:
  """Markdown of a room's page: the room, then each of its files."""
  folder = ROOT / 'zeroshot' / room
  files = sorted(folder.rglob('*.py')) or [folder.with_suffix('.py')]
  names = ['.'.join(f.relative_to(ROOT).with_suffix('').parts) for f in files]
  modules = [name.removesuffix('.__init__') for name in names]
  return f'# {room}\n\n' + '\n\n'.join(f'::: {name}' for name in modules)


def relink(markdown: str, uri: str) -> str:
  """Changes links of the repository to those of the site.

  Args:
    markdown: of a page.
    uri: the page's own path on the site.
  """
  uris = {source: uri for uri, source in ELSEWHERE.items()}
  source = ELSEWHERE.get(uri, f'docs/{uri}')

  def change(match: re.Match[str]) -> str:
    target, anchor = match[1], match[2] or ''
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path not in uris and not path.startswith('docs/'):
      return match[0]
    there = uris.get(path, path.removeprefix('docs/'))
    return posixpath.relpath(there, posixpath.dirname(uri) or '.') + anchor

  return _LINK.sub(change, markdown)
