"""Where the two pictures differ: soft regions of many forms.

Every kind is ``(key, *, size, min_px, max_px) -> cover [size, size]``, its
extent log-uniform in ``[min_px, max_px]``. Convex polygons are the source
paper's own regions.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.synthesis import fields, shapes
from zeroshot.types import Array

NUM_SPECKS = 4


def extent_px(key: Array, *, min_px: float, max_px: float) -> Array:
  """A log-uniform length.

  Args:
    key: key.
    min_px: smallest.
    max_px: largest.

  Returns:
    Scalar in ``[min_px, max_px]``, pixels.
  """
  share = jax.random.uniform(key)
  return min_px * (max_px / min_px) ** share


def polygons(key: Array, *, size: int, min_px: float, max_px: float) -> Array:
  """A convex polygon.

  Args:
    key: key.
    size: side of the picture.
    min_px: smallest diameter.
    max_px: largest diameter.

  Returns:
    Cover in [0, 1], ``[size, size]``.
  """
  extent_key, centre_key, shape_key = jax.random.split(key, 3)
  y, x = fields.grid(size)
  extent = extent_px(extent_key, min_px=min_px, max_px=max_px)
  distance = shapes.convex_polygon(
    shape_key,
    y,
    x,
    centre=jax.random.uniform(centre_key, (2,)) * size,
    radius=0.65 * extent,  # half-planes cut half-way in on average
    sides=6,
  )
  return shapes.coverage(distance)


def blobs(key: Array, *, size: int, min_px: float, max_px: float) -> Array:
  """An ellipse whose edge smooth noise moves in and out.

  Args:
    key: key.
    size: side of the picture.
    min_px: smallest diameter.
    max_px: largest diameter.

  Returns:
    Cover in [0, 1], ``[size, size]``.
  """
  keys = jax.random.split(key, 5)
  y, x = fields.grid(size)
  radius = 0.5 * extent_px(keys[0], min_px=min_px, max_px=max_px)
  across, along = shapes.rotate(
    y,
    x,
    centre=jax.random.uniform(keys[1], (2,)) * size,
    angle=jax.random.uniform(keys[2]) * jnp.pi,
  )
  thinness = jax.random.uniform(keys[3], minval=0.4, maxval=1.0)
  distance = (jnp.hypot(across / thinness, along) - radius) * thinness
  edge = fields.noise(keys[4], size=size, cell_px=6.0)
  return shapes.coverage(distance + 0.3 * thinness * radius * edge)


def scratches(key: Array, *, size: int, min_px: float, max_px: float) -> Array:
  """A thin curved line: a scratch, a hair, a fibre.

  Args:
    key: key.
    size: side of the picture.
    min_px: least length.
    max_px: half of the greatest length.

  Returns:
    Cover in [0, 1], ``[size, size]``.
  """
  keys = jax.random.split(key, 5)
  y, x = fields.grid(size)
  length = 2.0 * extent_px(keys[0], min_px=min_px, max_px=max_px)
  across, along = shapes.rotate(
    y,
    x,
    centre=jax.random.uniform(keys[1], (2,)) * size,
    angle=jax.random.uniform(keys[2]) * 2 * jnp.pi,
  )
  bend = jax.random.uniform(keys[3], minval=-0.6, maxval=0.6) / length
  width = extent_px(keys[4], min_px=1.5, max_px=5.0)
  distance = shapes.rounded_box(
    across - bend * along**2,
    along,
    half_extent=jnp.stack([0.0 * length, 0.5 * length]),
    radius=0.5 * jnp.minimum(width, length),
  )
  return shapes.coverage(distance)


def specks(key: Array, *, size: int, min_px: float, max_px: float) -> Array:
  """A few small discs within the extent of one region.

  Args:
    key: key.
    size: side of the picture.
    min_px: smallest diameter of a disc.
    max_px: greatest distance of a disc from the first.

  Returns:
    Cover in [0, 1], ``[size, size]``.
  """
  keys = jax.random.split(key, 4)
  y, x = fields.grid(size)
  centre = jax.random.uniform(keys[0], (2,)) * size
  spread = jax.random.uniform(keys[1], (NUM_SPECKS, 2), minval=-1.0)
  widths = jax.vmap(
    lambda k: extent_px(k, min_px=min_px, max_px=max(2.5 * min_px, 8.0))
  )(jax.random.split(keys[2], NUM_SPECKS))
  count = jax.random.randint(keys[3], (), 1, NUM_SPECKS + 1)
  nearest = jnp.full((size, size), jnp.inf)
  for speck in range(NUM_SPECKS):
    offset = jnp.where(speck == 0, 0.0, spread[speck] * max_px)
    row, column = centre + offset
    distance = jnp.hypot(y - row, x - column) - 0.5 * widths[speck]
    nearest = jnp.where(speck < count, jnp.minimum(nearest, distance), nearest)
  return shapes.coverage(nearest)
