"""Where the pixels of a test picture lie in a reference picture.

  warp = Warp(matrix, reference_shape=(480, 640), test_shape=(600, 800))
  aligned = warp.resample(reference, tile)   # a tile of the test picture
  content = warp.inside(tile)

A warp is a matrix, see ``transforms``, and optionally a local field that is
added to a position before the matrix. The two pictures may differ in size.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import resampling, transforms
from zeroshot.types import HostArray, Tile

_AROUND_PX = 2  # of what a tile is resampled from


class LocalField(NamedTuple):
  """A smooth displacement, on a coarse grid over the test picture.

  Attributes:
    nodes: float32 ``[h, w, 2]``, (dx, dy) in pixels of the test picture; the
      nodes are evenly spaced, from the centre of the first pixel to that of
      the last.
    height: of the test picture.
    width: of the test picture.
  """

  nodes: HostArray
  height: int
  width: int

  @property
  def max_px(self) -> float:
    """The longest displacement of a node, pixels."""
    return float(np.hypot(self.nodes[..., 0], self.nodes[..., 1]).max())

  def on(self, tile: Tile) -> HostArray:
    """The displacement of each pixel of a tile, float32 ``[h, w, 2]``."""
    rows, columns = self.nodes.shape[:2]
    x_step = (columns - 1) / max(self.width - 1, 1)
    y_step = (rows - 1) / max(self.height - 1, 1)
    to_nodes = np.array(
      [[x_step, 0, tile.left * x_step], [0, y_step, tile.top * y_step]]
    )
    return cv2.warpAffine(
      self.nodes,
      to_nodes,
      (tile.width, tile.height),
      flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
      borderMode=cv2.BORDER_REPLICATE,
    )

  def at(self, x: HostArray, y: HostArray) -> HostArray:
    """The displacement at points of the test picture.

    Args:
      x: float, ``[N]``.
      y: float, ``[N]``.

    Returns:
      Float32 ``[N, 2]``.
    """
    rows, columns = self.nodes.shape[:2]
    across = np.asarray(x) * ((columns - 1) / max(self.width - 1, 1))
    down = np.asarray(y) * ((rows - 1) / max(self.height - 1, 1))
    return resampling.read(self.nodes, across, down)


class Warp(NamedTuple):
  """Maps positions in the test picture to positions in the reference.

  Attributes:
    matrix: float64 ``[3, 3]``, see ``transforms``.
    reference_shape: height and width of the reference picture.
    test_shape: height and width of the test picture.
    field: displacement before the matrix; None is none.
  """

  matrix: HostArray
  reference_shape: tuple[int, int]
  test_shape: tuple[int, int]
  field: LocalField | None = None

  @property
  def is_identity(self) -> bool:
    """Whether the aligned reference is the reference as it came."""
    return (
      self.field is None
      and self.reference_shape == self.test_shape
      and np.array_equal(self.matrix, np.eye(3))
    )

  def points(
    self, x: HostArray, y: HostArray
  ) -> tuple[HostArray, HostArray, HostArray]:
    """Where points of the test picture lie in the reference.

    Args:
      x: float ``[N]``.
      y: float ``[N]``.

    Returns:
      The positions across and down, ``[N]`` each, and whether they lie in the
      reference, bool ``[N]``.
    """
    if self.field is not None:
      shift = self.field.at(x, y)
      x, y = x + shift[:, 0], y + shift[:, 1]
    across, down, depth = self.matrix @ np.stack([x, y, np.ones(len(x))])
    height, width = self.reference_shape
    content = resampling.leads_inside(
      self.matrix, x, y, height=height, width=width
    )
    depth = np.where(depth > 1e-9, depth, 1e-9)
    return across / depth, down / depth, content

  def inside(self, tile: Tile) -> HostArray:
    """Where the reference has content, bool ``[h, w]`` of a tile."""
    height, width = self.reference_shape
    x, y = self._positions(tile)
    return resampling.leads_inside(
      self.matrix, x, y, height=height, width=width
    )

  def resample(self, picture: HostArray, tile: Tile) -> HostArray:
    """The reference, or a plane of its size, on a tile of the test picture.

    Args:
      picture: ``[H, W]`` or ``[H, W, C]`` of ``reference_shape``: uint8,
        uint16 or float32.
      tile: of the test picture.

    Returns:
      Of the same type, ``[h, w]`` or ``[h, w, C]``, bilinear; outside of the
      reference its nearest edge pixel is repeated.
    """
    if self.is_identity:
      whole = (tile.height, tile.width) == self.test_shape
      return picture if whole else picture[tile.window]
    left, top, right, bottom = self._source_bounds(tile)
    source = picture[top:bottom, left:right]
    to_source = transforms.translation(-left, -top)
    if self.field is None:
      from_tile = transforms.translation(tile.left, tile.top)
      return resampling.warp(
        source,
        to_source @ self.matrix @ from_tile,
        shape=(tile.height, tile.width),
      )
    matrix = (to_source @ self.matrix).astype(np.float32)
    x, y = self._positions(tile)
    positions = [row[0] * x + row[1] * y + row[2] for row in matrix]
    if not np.array_equal(matrix[2], (0.0, 0.0, 1.0)):
      depth = np.maximum(positions[2], 1e-9)
      positions = [position / depth for position in positions]
    return cv2.remap(
      source,
      positions[0],
      positions[1],
      cv2.INTER_LINEAR,
      borderMode=cv2.BORDER_REPLICATE,
    )

  def _positions(self, tile: Tile) -> tuple[HostArray, HostArray]:
    """X and y before the matrix, float32, that broadcast to ``[h, w]``."""
    x = np.arange(tile.left, tile.left + tile.width, dtype=np.float32)[None, :]
    y = np.arange(tile.top, tile.top + tile.height, dtype=np.float32)[:, None]
    if self.field is None:
      return x, y
    shift = self.field.on(tile)
    return x + shift[..., 0], y + shift[..., 1]

  def _source_bounds(self, tile: Tile) -> tuple[int, int, int, int]:
    """What of the reference a tile is made of: left, top, right, bottom."""
    reach = 0.0 if self.field is None else self.field.max_px
    left, right = tile.left - reach, tile.left + tile.width - 1 + reach
    top, bottom = tile.top - reach, tile.top + tile.height - 1 + reach
    corners = np.array(
      [[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]]
    )
    x, y, depth = self.matrix @ corners
    height, width = self.reference_shape
    if depth.min() <= 1e-9:  # beyond the horizon of a perspective
      return 0, 0, width, height
    x, y = x / depth, y / depth
    return (
      _first(x, width),
      _first(y, height),
      _stop(x, width),
      _stop(y, height),
    )


def identity(shape: tuple[int, int]) -> Warp:
  """The warp that leaves a reference of the test picture's size as it is."""
  return Warp(np.eye(3), shape, shape)


def _first(positions: HostArray, length: int) -> int:
  """The first row or column that bilinear reading needs."""
  low = np.clip(positions.min(), 0, length - 1)
  return max(int(low) - _AROUND_PX, 0)


def _stop(positions: HostArray, length: int) -> int:
  """One past the last row or column that bilinear reading needs."""
  high = np.clip(positions.max(), 0, length - 1)
  return min(int(high) + 1 + _AROUND_PX, length - 1) + 1
