"""A share of a list, for one of several processes that inspect it.

  share = shards.parse('2/8')
  share.of(pairs)

Every eighth row, from the second on: rows that take long lie beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

T = TypeVar('T')


class Shard(NamedTuple):
  """One of equal shares.

  Attributes:
    number: of the share, from 1.
    total: number of shares.
  """

  number: int
  total: int

  def of(self, rows: Sequence[T]) -> list[T]:
    """The rows of this share, in their order; perhaps none."""
    return list(rows[self.number - 1 :: self.total])

  def __str__(self) -> str:
    """As the command line has it."""
    return f'{self.number}/{self.total}'


def parse(text: str) -> Shard:
  """A share from its text.

  Args:
    text: such as ``'2/8'``.

  Raises:
    ValueError: it is none.
  """
  match = re.fullmatch(r'(\d+)/(\d+)', text, re.ASCII)
  if match is None or not 1 <= int(match[1]) <= int(match[2]):
    raise ValueError(
      f'{text!r} is no share; give NUMBER/COUNT, such as 1/8 for the first of '
      '8, and 8/8 for the last'
    )
  return Shard(int(match[1]), int(match[2]))
