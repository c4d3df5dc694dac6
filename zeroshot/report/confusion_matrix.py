"""The confusion matrix of kinds, as a picture and as a table.

  confusion = kinds.confusion(truth, detections, iou_threshold=0.33)
  pictures.write_picture(path, draw_confusion(confusion))
  print(format_confusion(confusion))

A row is a true kind, a column a detected kind. The row ``none`` holds the
false alarms, the column ``none`` the missed defects.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.evaluate.kinds import NONE, Confusion, kind_accuracy
from zeroshot.report import figure
from zeroshot.report.markdown_table import markdown_table
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from matplotlib.axes import Axes

_SIZE = (6.4, 6.4)  # inches, width and height
_AREA = (0.19, 0.02, 0.79, 0.79)  # left, bottom, width, height as shares
_DARK = 0.5  # share of a row from which its number is white
_CORNER = 'true, found as'


def draw_confusion(confusion: Confusion) -> HostArray:
  """Draws the counts, each shaded by its share of its row.

  Args:
    confusion: see ``zeroshot.evaluate.kinds``.

  Returns:
    Image float32 ``[640, 640, 3]`` in [0, 1]. White is none of a row, the
    darkest blue all of it; a row without a box is white.
  """
  return figure.render(
    _SIZE, lambda drawn: _draw(drawn.add_axes(_AREA), confusion)
  )


def row_shares(counts: HostArray) -> HostArray:
  """Each count as a share of its row.

  Args:
    counts: ``[n, n]``.

  Returns:
    Float64 ``[n, n]`` in [0, 1]; 0 in a row without a box, which has no shares.
  """
  total = counts.sum(axis=1, keepdims=True)
  return np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)


def format_title(confusion: Confusion) -> str:
  """The line over the picture.

  Args:
    confusion: see ``zeroshot.evaluate.kinds``.

  Returns:
    For example ``'right kind of 0.912 of 5021 boxes in place'``; no figure
    where none was in place.
  """
  number = int(confusion.counts[:-1, :-1].sum())
  accuracy = kind_accuracy(confusion)
  if math.isnan(accuracy):
    return 'no box in place'
  return f'right kind of {accuracy:.3f} of {number} boxes in place'


def format_confusion(confusion: Confusion) -> str:
  """The counts as a Markdown table, its columns aligned to be read as text.

  Args:
    confusion: see ``zeroshot.evaluate.kinds``.

  Returns:
    The lines of the table, without a line break at the end.
  """
  names = [*confusion.kinds, NONE]
  rows = [
    [name, *map(str, row)]
    for name, row in zip(names, confusion.counts.tolist(), strict=True)
  ]
  return markdown_table([_CORNER, *names], rows, num_left=1, padded=True)


def _draw(axes: Axes, confusion: Confusion) -> None:
  """Shades, numbers and names."""
  names = [*confusion.kinds, NONE]
  shares = row_shares(confusion.counts)
  axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
  for (row, column), count in np.ndenumerate(confusion.counts):
    axes.text(
      column,
      row,
      str(count),
      ha='center',
      va='center',
      fontsize=9,
      color='w' if shares[row, column] > _DARK else 'k',
    )
  places = np.arange(len(names))
  axes.set_xticks(places, labels=names, rotation=35, ha='left')
  axes.set_yticks(places, labels=names)
  axes.xaxis.set_ticks_position('top')
  axes.xaxis.set_label_position('top')
  axes.set(xlabel=f'found as; {format_title(confusion)}', ylabel='true')
  # Lines between the cells, for those that are white.
  axes.set_xticks(places[:-1] + 0.5, minor=True)
  axes.set_yticks(places[:-1] + 0.5, minor=True)
  axes.grid(which='minor', color='0.85')
  axes.tick_params(which='minor', length=0)
