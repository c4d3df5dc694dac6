"""Marks on a surface that are hard to find, each of one kind.

  albedo = marks.colour(key, albedo)
  albedo = marks.faint(key, albedo)
  albedo = marks.thin(key, albedo)

Training draws its anomalies by ``regions`` and ``fills``; these are for the
suites of a benchmark, which ask for one kind at a time.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.synthesis import camera, fields, nuisances, regions, shapes
from zeroshot.types import Array

_COLOUR_PX = (10.0, 44.0)  # diameter
_COLOUR_STEP = (0.15, 0.5)  # of the channel that changes most
_FAINT_PX = (8.0, 56.0)
_FAINT_STEP = (0.05, 0.2)
_FAINT_EDGE_PX = 2.5  # widest deviation of a blurred edge
_THIN_WIDTH_PX = (0.4, 0.95)
_THIN_LENGTH_PX = (16.0, 72.0)
_TWO_TONED_SHARE = 0.5


def colour(key: Array, albedo: Array) -> Array:
  """Another colour of the same brightness.

  Args:
    key: key.
    albedo: image ``[S, S, 3]``.

  Returns:
    Image ``[S, S, 3]`` of the same brightness at each pixel, by BT.601.
  """
  shape_key, way_key, step_key = jax.random.split(key, 3)
  cover = _patch(shape_key, albedo.shape[0], _COLOUR_PX)
  way = jax.random.normal(way_key, (3,))
  way = way - camera.luma(way)
  way = way / jnp.max(jnp.abs(way))
  low, high = _COLOUR_STEP
  step = jax.random.uniform(step_key, minval=low, maxval=high)
  # No channel may clip, or the brightness would change.
  room = jnp.where(way > 0, 1.0 - albedo, albedo) / jnp.abs(way)
  step = jnp.minimum(step, jnp.min(room, axis=-1))
  return albedo + (cover * step)[..., None] * way


def faint(key: Array, albedo: Array) -> Array:
  """A pale stain, nearly grey, often with a blurred edge.

  Args:
    key: key.
    albedo: image ``[S, S, 3]``.

  Returns:
    Image ``[S, S, 3]``.
  """
  keys = jax.random.split(key, 5)
  cover = _patch(keys[0], albedo.shape[0], _FAINT_PX)[..., None]
  softness = _FAINT_EDGE_PX * jax.random.uniform(keys[1]) ** 2
  cover = nuisances.gaussian_blur(cover, softness)
  low, high = _FAINT_STEP
  step = low * (high / low) ** jax.random.uniform(keys[2])
  step = jnp.where(jax.random.bernoulli(keys[3]), step, -step)
  tint = jax.random.uniform(keys[4], (3,), minval=0.7)
  return jnp.clip(albedo + cover * step * tint, 0.0, 1.0)


def thin(key: Array, albedo: Array) -> Array:
  """A hair, or a scratch with a bright and a dark side, narrower than a pixel.

  Args:
    key: key.
    albedo: image ``[S, S, 3]``.

  Returns:
    Image ``[S, S, 3]``.
  """
  keys = jax.random.split(key, 8)
  size = albedo.shape[0]
  y, x = fields.grid(size)
  length = regions.extent_px(
    keys[0], min_px=_THIN_LENGTH_PX[0], max_px=_THIN_LENGTH_PX[1]
  )
  centre = jax.random.uniform(keys[1], (2,)) * size
  angle = jax.random.uniform(keys[2]) * 2 * jnp.pi
  across, along = shapes.rotate(y, x, centre=centre, angle=angle)
  bend = jax.random.uniform(keys[3], minval=-0.6, maxval=0.6) / length
  across = across - bend * along**2
  low, high = _THIN_WIDTH_PX
  width = jax.random.uniform(keys[4], minval=low, maxval=high)
  row, column = jnp.clip(centre.astype(jnp.int32), 0, size - 1)
  is_bright = jnp.mean(albedo[row, column]) > 0.4
  dark = jax.random.uniform(keys[5], maxval=0.1)
  bright = jax.random.uniform(keys[6], minval=0.8, maxval=1.0)
  own, beside = (
    jnp.where(is_bright, dark, bright),
    jnp.where(is_bright, bright, dark),
  )
  line = _line(across, along, length=length, width=width)[..., None]
  marked = albedo + line * (own - albedo)
  edge = _line(across - width - 0.3, along, length=length, width=width)
  is_toned = jax.random.bernoulli(keys[7], _TWO_TONED_SHARE)
  return marked + is_toned * edge[..., None] * (beside - marked)


def _line(across: Array, along: Array, *, length: Array, width: Array) -> Array:
  """Cover of a line; its sum across is its width, below a pixel too."""
  radius = 0.5 * width
  distance = shapes.rounded_box(
    across,
    along,
    half_extent=jnp.stack([0.0 * length, 0.5 * length]),
    radius=radius,
  )
  return shapes.coverage(distance) * width / (0.5 + radius) ** 2


def _patch(key: Array, size: int, extent_px: tuple[float, float]) -> Array:
  """Cover of a polygon or a blob, ``[size, size]``."""
  choice_key, shape_key = jax.random.split(key)
  low, high = extent_px
  polygon, blob = (
    region(shape_key, size=size, min_px=low, max_px=high)
    for region in (regions.polygons, regions.blobs)
  )
  return jnp.where(jax.random.bernoulli(choice_key), polygon, blob)
