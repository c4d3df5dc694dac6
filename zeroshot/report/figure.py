"""Renders a matplotlib figure as an image.

image = figure.render((5, 4), lambda drawn: drawn.add_axes(area).plot(x, y))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.types import HostArray

if TYPE_CHECKING:
  from matplotlib.figure import Figure

_DPI = 100


def render(
  size: tuple[float, float], draw: Callable[[Figure], object]
) -> HostArray:
  """Draws into a new figure and renders it.

  Args:
    size: width and height in units of 100 pixels.
    draw: draws into the figure.

  Returns:
    Image float32 ``[H, W, 3]`` in [0, 1].
  """
  # Importing it takes a second that few callers need.
  from matplotlib.backends.backend_agg import FigureCanvasAgg
  from matplotlib.figure import Figure

  figure = Figure(figsize=size, dpi=_DPI)
  canvas = FigureCanvasAgg(figure)  # not pyplot, which keeps state
  draw(figure)
  canvas.draw()
  pixels = np.asarray(canvas.buffer_rgba())[..., :3]
  return pixels.astype(np.float32) / 255
