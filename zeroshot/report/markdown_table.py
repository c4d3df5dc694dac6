"""Tables in Markdown.

text = markdown_table(['row', 'AP'], [['`base`', '0.9']], num_left=1)
"""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(
  head: Sequence[str],
  rows: Sequence[Sequence[str]],
  *,
  num_left: int,
  padded: bool = False,
) -> str:
  """Formats cells as a Markdown table.

  Args:
    head: column titles.
    rows: cells of each row, as many as there are titles; ``|`` is escaped.
    num_left: how many of the first columns are aligned to the left; the others
      are aligned to the right.
    padded: whether all cells of a column are made equally wide, so that the
      table can be read as plain text.

  Returns:
    The lines of the table, without a line break at the end.
  """
  lines = [
    [cell.replace('|', '\\|') for cell in line] for line in (head, *rows)
  ]
  widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
  if not padded:
    widths = [0] * len(head)
  rule = [
    '-' * max(width, 3) if i < num_left else '-' * max(width - 1, 3) + ':'
    for i, width in enumerate(widths)
  ]
  lines.insert(1, rule)
  return '\n'.join(
    '| '
    + ' | '.join(
      cell.ljust(width) if i < num_left else cell.rjust(width)
      for i, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    + ' |'
    for line in lines
  )
