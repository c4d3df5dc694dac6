"""Examples and lists in the docstring of a module, as code on its page.

They are indented by two spaces or not at all, which Markdown does not take for
code. Griffe loads ``FenceExamples`` by the name in mkdocs.yml.
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import Any

import griffe

_ENTRY = re.compile(r'[\w.]+  +\S')  # of a list: a name and what it is
_PROMPT = re.compile(r'(python3?|zeroshot) ')


class FenceExamples(griffe.Extension):
  """Fences the examples of each module that is loaded."""

  def on_module(self, *, mod: griffe.Module, **kwargs: Any) -> None:
    """Changes the docstring of a module."""
    del kwargs
    if mod.docstring is not None:
      mod.docstring.value = fence_examples(mod.docstring.value)


def fence_examples(text: str) -> str:
  """A docstring whose examples and lists are fenced.

  Args:
    text: without the indentation of the docstring itself.
  """
  first, *paragraphs = re.split(r'\n{2,}', text.strip('\n'))
  return '\n\n'.join([first, *map(_fence, paragraphs)])


def _fence(paragraph: str) -> str:
  """A paragraph, or its indented end, as a block of code."""
  lines = paragraph.splitlines()
  starts = (n for n in range(len(lines)) if _is_code(lines[n:]))
  at = next(starts, None)
  if at is None:
    return paragraph
  code = textwrap.dedent('\n'.join(lines[at:]))
  language = 'python' if _is_python(code) else 'text'
  words = '\n'.join(lines[:at])
  return f'{words}\n\n```{language}\n{code}\n```'.lstrip('\n')


def _is_code(lines: list[str]) -> bool:
  """Whether lines are an example or a list, and no sentence."""
  return (
    all(line.startswith('  ') for line in lines)
    or all(_ENTRY.match(line) or line.startswith('   ') for line in lines)
    or _PROMPT.match(lines[0]) is not None
    or _is_python('\n'.join(lines))
  )


def _is_python(text: str) -> bool:
  """Whether a text is a program, and more than a word."""
  try:
    body = ast.parse(text).body
  except SyntaxError:
    return False
  return any(
    not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call)
    for node in body
  )
