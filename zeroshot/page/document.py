"""The frame of a page: style, script and data in one file.

  document.write(
    out, title='part 7', body=html, scripts=('page.js',), data=lambda: {}
  )

A page can fetch nothing and run nothing but its own script: its content
security policy names style and script by their hashes. So even a name that
were inserted as markup could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from zeroshot.runtime import atomic_files

_DATA = '<!-- data -->'  # where it goes, after the pictures


def write(
  out: Path,
  *,
  title: str,
  body: str,
  scripts: Sequence[str] = (),
  data: Callable[[], Mapping[str, object]] = dict,
  pictures: Iterable[tuple[str, str]] = (),
) -> None:
  """Writes a page, atomically.

  Args:
    out: the file; its folder must exist.
    title: plain text.
    body: HTML.
    scripts: names of package files, run in this order.
    data: what the script reads from the element ``data``, as JSON; called
      after the last picture.
    pictures: identifier of an element and its data URI, one in memory at a
      time; the page keeps it as text until the script shows it.

  Raises:
    ValueError: the folder of ``out`` is missing.
  """
  if not out.parent.is_dir():
    raise ValueError(f'{out}: there is no folder {out.parent}; make it first')
  style, script = asset('page.css'), '\n'.join(map(asset, scripts))
  page = string.Template(asset('page.html')).substitute(
    title=html.escape(title),
    style_hash=_hash(style),
    script_hash=_hash(script),
    style=style,
    script=script,
    body=body,
  )
  before, after = page.rsplit(_DATA, 1)
  with (
    atomic_files.atomic_write(out) as partial,
    partial.open('w', encoding='utf-8', errors='replace') as file,
  ):
    file.write(before)
    for name, uri in pictures:
      file.write(f'<script type="text/plain" id="{name}">{uri}</script>\n')
    file.write(f'<script type="application/json" id="data">{_json(data())}')
    file.write(f'</script>\n{after}')


def asset(name: str) -> str:
  """The text of a file of this package."""
  return (resources.files('zeroshot.page') / name).read_text('utf-8')


def _json(data: Mapping[str, object]) -> str:
  """JSON without ``<``, which an HTML parser could read as markup."""
  text = json.dumps(data, allow_nan=False, separators=(',', ':'))
  return text.replace('<', '\\u003c')


def _hash(text: str) -> str:
  digest = hashlib.sha256(text.encode('utf-8')).digest()
  return 'sha256-' + base64.b64encode(digest).decode('ascii')
