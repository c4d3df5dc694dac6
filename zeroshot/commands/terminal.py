"""Text from files that is safe to print on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
  """The text with control characters replaced by question marks."""
  return ''.join(letter if letter.isprintable() else '?' for letter in text)
