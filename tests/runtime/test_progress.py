"""Bars are for terminals, and their colours for who wants them."""

from __future__ import annotations

import io
import re

import pytest

from zeroshot.runtime import progress

COLOUR = re.compile(r'\x1b\[[0-9;]*3[0-8][0-9;]*m')


class Terminal(io.StringIO):
  def isatty(self):
    return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
  for name in ('NO_COLOR', 'FORCE_COLOR', 'TTY_COMPATIBLE', 'COLORTERM'):
    monkeypatch.delenv(name, raising=False)
  monkeypatch.setenv('TERM', 'xterm-256color')


def shown(monkeypatch, stream, **settings):
  """What goes to stderr while two things are done."""
  monkeypatch.setattr('sys.stderr', stream)
  with progress.progress_bar(
    'inspecting', total=2, done=0, unit='rows', **settings
  ) as advance:
    advance(1)
    advance(2)
  return stream.getvalue()


def test_a_terminal_has_a_bar_in_colours(monkeypatch):
  text = shown(monkeypatch, Terminal())
  assert 'inspecting' in text
  assert COLOUR.search(text)


def test_no_color_leaves_the_bar(monkeypatch):
  monkeypatch.setenv('NO_COLOR', '1')
  text = shown(monkeypatch, Terminal())
  assert 'inspecting' in text
  assert not COLOUR.search(text)


def test_a_pipe_has_no_bar(monkeypatch):
  assert shown(monkeypatch, io.StringIO()) == ''
  text = shown(monkeypatch, io.StringIO(), line_every=1)
  assert re.fullmatch(
    r'1 of 2 rows, [\d.]+ rows/s\n2 of 2 rows, [\d.]+ rows/s\n', text
  )
