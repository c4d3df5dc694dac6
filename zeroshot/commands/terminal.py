"""What a terminal shows of text that others chose."""

from __future__ import annotations


def printable(text: str) -> str:
  """The text without what could move a terminal's cursor or colours."""
  return ''.join(letter if letter.isprintable() else '?' for letter in text)
