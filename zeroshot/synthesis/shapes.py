"""Antialiased shapes from signed distances (negative inside, in pixels).

  inside = shapes.coverage(shapes.rounded_box(y, x, ...))

Distance of the rounded box: I. Quilez, "2D distance functions" (2019).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.types import Array


def coverage(distance_px: Array, *, softness_px: Array | float = 1.0) -> Array:
  """Share of each pixel that a shape covers.

  Args:
    distance_px: signed distance, any shape.
    softness_px: width of the edge, at least 1 for plain antialiasing.

  Returns:
    Float32 in [0, 1], the shape of ``distance_px``.
  """
  return jnp.clip(0.5 - distance_px / softness_px, 0.0, 1.0)


def rotate(
  y: Array, x: Array, *, centre: Array, angle: Array
) -> tuple[Array, Array]:
  """Coordinates in a frame that is centred and turned.

  Args:
    y: row coordinates, broadcastable with ``x``.
    x: column coordinates.
    centre: ``[2]``, row and column of the new origin.
    angle: scalar, radians.

  Returns:
    Coordinates across and along the turned frame's first axis.
  """
  dy, dx = y - centre[0], x - centre[1]
  cos, sin = jnp.cos(angle), jnp.sin(angle)
  return cos * dy - sin * dx, sin * dy + cos * dx


def rounded_box(
  across: Array, along: Array, *, half_extent: Array, radius: Array
) -> Array:
  """Signed distance of a box with round corners.

  A disc has half extents 0, a stroke a half extent of 0 across.

  Args:
    across: coordinates of the box's frame.
    along: coordinates of the box's frame.
    half_extent: ``[2]``, across and along, of the box before rounding.
    radius: scalar, added all round.

  Returns:
    Distance in pixels, broadcast shape of ``across`` and ``along``.
  """
  outside_across = jnp.abs(across) - half_extent[0]
  outside_along = jnp.abs(along) - half_extent[1]
  outer = jnp.hypot(
    jnp.maximum(outside_across, 0.0), jnp.maximum(outside_along, 0.0)
  )
  inner = jnp.minimum(jnp.maximum(outside_across, outside_along), 0.0)
  return outer + inner - radius


def convex_polygon(
  key: Array, y: Array, x: Array, *, centre: Array, radius: Array, sides: int
) -> Array:
  """Signed distance (a lower bound near corners) of a random convex polygon.

  The polygon is the intersection of half-planes at random angles, each at
  half to the whole of ``radius`` from the centre.

  Args:
    key: key.
    y: row coordinates.
    x: column coordinates.
    centre: ``[2]``, row and column.
    radius: scalar, pixels.
    sides: number of half-planes.

  Returns:
    Distance in pixels, broadcast shape of ``y`` and ``x``.
  """
  turn_key, jitter_key, reach_key = jax.random.split(key, 3)
  turns = jnp.arange(sides) + jax.random.uniform(
    jitter_key, (sides,), minval=-0.35, maxval=0.35
  )
  angles = 2 * jnp.pi * (jax.random.uniform(turn_key) + turns / sides)
  reach = radius * jax.random.uniform(reach_key, (sides,), minval=0.5)
  dy, dx = y - centre[0], x - centre[1]
  distance = jnp.full(jnp.broadcast_shapes(y.shape, x.shape), -jnp.inf)
  for side in range(sides):
    plane = jnp.sin(angles[side]) * dy + jnp.cos(angles[side]) * dx
    distance = jnp.maximum(distance, plane - reach[side])
  return distance
