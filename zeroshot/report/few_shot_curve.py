"""Accuracy against the number of labelled pairs, as a picture.

image = few_shot_curve([Point(0, 0.7, nan, nan), Point(10, 0.9, 0.8, 1.0)])
pictures.write_picture(path, image)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zeroshot.report import figure
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from matplotlib.axes import Axes

_SIZE = (6.5, 4.5)  # inches, width and height
# Left, bottom, width, height as shares of the figure.
_AREA = (0.11, 0.13, 0.86, 0.83)


class Point(NamedTuple):
  """One number of labelled pairs.

  Attributes:
    num_pairs: learned from.
    ap: mean over seeds.
    low: of its interval; NaN where there is none.
    high: likewise.
  """

  num_pairs: int
  ap: float
  low: float
  high: float


def few_shot_curve(points: Sequence[Point]) -> HostArray:
  """Draws AP against the number of labelled pairs, on a logarithmic axis.

  0 stands at the left end, one step before 1. An interval is a bar, cut where
  it leaves [0, 1].

  Args:
    points: finite but for the intervals, with distinct numbers, in any order;
      none draws empty axes.

  Returns:
    Image float32 ``[450, 650, 3]`` in [0, 1].
  """
  return figure.render(
    _SIZE, lambda drawn: _draw(drawn.add_axes(_AREA), sorted(points))
  )


def _draw(axes: Axes, points: Sequence[Point]) -> None:
  """The means, joined, and their intervals."""
  table = np.asarray(points, np.float64).reshape(-1, 4)
  x, ap, low, high = table.T
  known = np.isfinite(low) & np.isfinite(high)
  axes.plot(x, ap, 'o-', color='C0')
  axes.vlines(
    x[known], low[known].clip(0, 1), high[known].clip(0, 1), color='C0'
  )
  axes.set_xscale('symlog', linthresh=1.0, linscale=0.5)  # has room for 0
  most = max(x.max(initial=1), 1)
  lowest = np.concatenate([ap, low[known].clip(0, 1), [0.9]]).min()
  axes.set(
    xlim=(-0.3, 1.5 * most),
    ylim=(max(lowest - 0.05, -0.02), 1.02),
    xlabel='labelled pairs to learn from',
    ylabel='official-6 AP, with 95 % interval over seeds',
  )
  axes.set_xticks(x, labels=[f'{int(number)}' for number in x])
  axes.set_xticks([], minor=True)
  axes.grid(color='0.9')
  axes.set_axisbelow(True)
