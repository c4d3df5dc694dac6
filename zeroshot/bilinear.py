"""Bilinear sampling of arrays on the device.

values = bilinear.sample(image, rows, columns)
"""

from __future__ import annotations

import jax.numpy as jnp

from zeroshot.types import Array


def sample(image: Array, rows: Array, columns: Array) -> Array:
  """Samples an image or a feature map at real-valued positions.

  Args:
    image: ``[H, W, C]``.
    rows: ``[h, w]``, in pixels; positions outside are moved to the edge.
    columns: ``[h, w]``, likewise.

  Returns:
    ``[h, w, C]``.
  """
  height, width, channels = image.shape
  rows = jnp.clip(rows, 0, height - 1)
  columns = jnp.clip(columns, 0, width - 1)
  row = jnp.clip(jnp.floor(rows), 0, max(height - 2, 0))
  column = jnp.clip(jnp.floor(columns), 0, max(width - 2, 0))
  down, right = (rows - row)[..., None], (columns - column)[..., None]
  index = row.astype(jnp.int32) * width + column.astype(jnp.int32)
  below = width if height > 1 else 0
  beside = 1 if width > 1 else 0
  flat = image.reshape(height * width, channels)
  top = (1 - right) * flat[index] + right * flat[index + beside]
  bottom = (1 - right) * flat[index + below] + right * flat[
    index + below + beside
  ]
  return (1 - down) * top + down * bottom
