"""Sections, tables and images as HTML; every text is escaped.

html = markup.section('Groups', markup.table(heads, lines))
"""

from __future__ import annotations

import html
from collections.abc import Sequence


def row(*sections: str) -> str:
  """Sections side by side, where there is room.

  Args:
    *sections: HTML.
  """
  return f'<div class="columns">{"".join(sections)}</div>'


def section(title: str, content: str, words: str = '') -> str:
  """A part of the page with a heading.

  Args:
    title: text.
    content: HTML.
    words: text below it; '' for none.
  """
  note = f'<p class="quiet">{text(words)}</p>' if words else ''
  return (
    f'<section class="panel figure"><h2>{text(title)}</h2>{content}{note}'
    '</section>'
  )


def missing(title: str, words: str, remedy: str = '') -> str:
  """A section without its content.

  Args:
    title: text.
    words: text that says why.
    remedy: words of a command line that would fill it; '' for none.
  """
  code = f' <code>{text(remedy)}</code>' if remedy else ''
  return section(title, f'<p class="empty">{text(words)}{code}</p>')


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
  """A table whose first column names the lines.

  Args:
    heads: text over each column.
    lines: text of each cell.
  """
  top = ''.join(
    f'<th scope="col"{" class=number" if index else ""}>{text(head)}</th>'
    for index, head in enumerate(heads)
  )
  body = ''.join(
    f'<tr><th scope="row">{text(first)}</th>'
    + ''.join(f'<td class="number">{text(value)}</td>' for value in rest)
    + '</tr>'
    for first, *rest in lines
  )
  return wide(
    f'<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
  )


def image(uri: str, words: str) -> str:
  """A picture.

  Args:
    uri: of ``embedding.embed``.
    words: alternative text.
  """
  return wide(f'<img src="{uri}" alt="{text(words)}">')


def wide(content: str) -> str:
  """Wraps HTML so that it scrolls sideways on narrow screens.

  Args:
    content: HTML.
  """
  return f'<div class="wide" tabindex="0">{content}</div>'


def text(words: object) -> str:
  """Anything as text, escaped.

  Args:
    words: its ``str`` is shown.
  """
  return html.escape(str(words))


def number(value: float | None, digits: int = 3) -> str:
  """Formats a number; an undefined one is a dash.

  Args:
    value: the number, None where it is undefined; an int has no point.
    digits: after the point.
  """
  if value is None:
    return '–'
  return str(value) if isinstance(value, int) else f'{value:.{digits}f}'
