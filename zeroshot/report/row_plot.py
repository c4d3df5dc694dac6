"""Metrics of the rows of a table as a picture, row below row.

image = row_plot(['paper', 'ours'], {'AP': [summary, summary]})
pictures.write_picture(path, image)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from zeroshot.report import figure
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from matplotlib.axes import Axes

_WIDTH = 8.0  # inches, as all below
_ROW = 0.34  # height of a row
_FRAME = 1.2  # height of what is not rows: the axis and the legend
_LEFT = 1.9  # width of the names
_SPREAD = 0.5  # of the series of a row about its middle, in rows


class Spread(TypedDict):
  """Mean and standard deviation over seeds; NaN where there is none."""

  mean: float
  std: float


def row_plot(
  names: Sequence[str], series: Mapping[str, Sequence[Spread]]
) -> HostArray:
  """Draws each metric as a dot a row, with a bar of one standard deviation.

  Args:
    names: of the rows, from the top.
    series: for each metric its values between 0 and 1, one a row; those that
      are NaN are left out.

  Returns:
    Image float32 ``[120 + 34 * rows, 800, 3]`` in [0, 1].
  """
  height = _FRAME + _ROW * len(names)
  area = (_LEFT / _WIDTH, 0.55 / height, 0.74, _ROW * len(names) / height)
  return figure.render(
    (_WIDTH, height),
    lambda drawn: _draw(drawn.add_axes(area), names, series),
  )


def _draw(
  axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[Spread]]
) -> None:
  """The dots, their bars, the names and the legend."""
  middle = np.arange(len(names))
  offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(series))
  for offset, (title, values) in zip(offsets, series.items(), strict=True):
    means = [value['mean'] for value in values]
    stds = [0 if math.isnan(v['std']) else v['std'] for v in values]
    axes.errorbar(means, middle + offset, xerr=stds, fmt='o', label=title)
  axes.set(
    xlim=(-0.02, 1.02), ylim=(len(names) - 0.5, -0.5), xlabel='mean over seeds'
  )
  axes.set_yticks(middle, labels=names)
  axes.grid(color='0.9')
  axes.set_axisbelow(True)
  axes.legend(
    loc='lower center', bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False
  )
