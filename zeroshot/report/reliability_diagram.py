"""The reliability diagram: confidence against the share of correct boxes.

  bins = reliability.reliability(confidence, correct, num_bins=10)
  pictures.write_picture(path, draw_reliability(bins))

On the diagonal a confidence is a probability; below it, boxes are
overconfident.
Source: M. H. DeGroot and S. E. Fienberg, "The comparison and evaluation of
forecasters", The Statistician 32, 1983.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zeroshot.evaluate.reliability import Reliability
from zeroshot.report import figure
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

_SIZE = (5.0, 6.5)  # inches, width and height
# Left, bottom, width, height as shares of the figure: 4 by 4 inches, and the
# counts below it.
_MAIN = (0.15, 0.315, 0.8, 4 / 6.5)
_BELOW = (0.15, 0.03, 0.8, 0.2)


def draw_reliability(reliability: Reliability) -> HostArray:
  """Draws the share of correct boxes against their confidence.

  Each bin that is not empty is a point at its mean confidence, with its 95 %
  interval as a bar; the counts of all bins stand below.

  Args:
    reliability: see ``zeroshot.evaluate.reliability``.

  Returns:
    Image float32 ``[650, 500, 3]`` in [0, 1].
  """

  def draw(drawn: Figure) -> None:
    _draw_points(drawn.add_axes(_MAIN), reliability)
    _draw_counts(drawn.add_axes(_BELOW), reliability)

  return figure.render(_SIZE, draw)


def format_title(reliability: Reliability) -> str:
  """The line over the diagram.

  Args:
    reliability: see ``zeroshot.evaluate.reliability``.

  Returns:
    For example ``'ECE 0.031, N = 6512'``; without a number where there is
    no detection.
  """
  number = int(reliability.num_detections.sum())
  if not number:
    return 'ECE undefined, N = 0'
  return f'ECE {reliability.expected_calibration_error:.3f}, N = {number}'


def _draw_points(axes: Axes, reliability: Reliability) -> None:
  """The diagonal, and each bin's share with its interval."""
  axes.plot([0, 1], [0, 1], color='0.5', linestyle='--', linewidth=1)
  some = reliability.num_detections > 0
  x = reliability.mean_confidence[some]
  axes.vlines(x, reliability.low[some], reliability.high[some], color='C0')
  axes.plot(x, reliability.share_correct[some], 'o', color='C0')
  # A little room, so that points in the corners are whole.
  axes.set(
    xlim=(-0.02, 1.02),
    ylim=(-0.02, 1.02),
    aspect='equal',
    xlabel='mean confidence',
    ylabel='share correct, with 95 % interval',
    title=format_title(reliability),
  )
  axes.set_xticks(np.linspace(0, 1, 6))
  axes.set_yticks(np.linspace(0, 1, 6))
  axes.grid(color='0.9')
  axes.set_axisbelow(True)


def _draw_counts(axes: Axes, reliability: Reliability) -> None:
  """A bar for each bin, its number over it."""
  edges, count = reliability.edges, reliability.num_detections
  bars = axes.bar(
    edges[:-1], count, np.diff(edges), align='edge', color='C0', edgecolor='w'
  )
  crowded = len(count) > 12
  axes.bar_label(bars, fontsize=7, rotation=90 if crowded else 0, padding=1)
  axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.4 * max(count.max(), 1)), yticks=[])
  axes.set_xticks(np.linspace(0, 1, 6), labels=[])
  axes.set_ylabel('count')
