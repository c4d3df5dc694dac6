"""Drawn scenes: what both pictures of a pair show where no data is needed.

Every kind is ``(key, *, size) -> image [size, size, 3]``. Dead leaves: A. Lee,
D. Mumford, J. Huang, "Occlusion models for natural images", IJCV 41 (2001).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from zeroshot.synthesis import fields, shapes
from zeroshot.types import Array

NUM_LEAVES = 32
NUM_STROKES = 20
NUM_POLYGONS = 10


def colour(key: Array) -> Array:
  """A random colour, grey half of the time.

  Args:
    key: key.

  Returns:
    Float32 ``[3]`` in [0, 1].
  """
  grey_key, value_key = jax.random.split(key)
  value = jax.random.uniform(value_key, (3,))
  grey = jax.random.bernoulli(grey_key)
  return jnp.where(grey, value[:1], value)


def two_colours(key: Array) -> tuple[Array, Array]:
  """Two distinct colours: at least 0.25 apart in brightness.

  Args:
    key: key.

  Returns:
    Two float32 ``[3]`` in [0, 1]; either may be the brighter.
  """
  first_key, second_key, gap_key = jax.random.split(key, 3)
  first, second = colour(first_key), colour(second_key)
  gap = jax.random.uniform(gap_key, minval=0.25, maxval=0.9)
  up = jnp.mean(first) < 0.5
  brightness = jnp.mean(first) + jnp.where(up, gap, -gap)
  second = second - jnp.mean(second) + brightness
  return first, jnp.clip(second, 0.0, 1.0)


def fractal_noise(key: Array, *, size: int) -> Array:
  """Noise of a random roughness, along a line through colour space.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  slope_key, field_key, colour_key = jax.random.split(key, 3)
  slope = jax.random.uniform(slope_key, minval=0.5, maxval=2.0)
  field = fields.fractal_noise(field_key, size=size, slope=slope)
  first, second = two_colours(colour_key)
  share = jnp.clip(0.5 + 0.3 * field, 0.0, 1.0)[..., None]
  return first + share * (second - first)


def soft(key: Array, *, size: int) -> Array:
  """Clouds without an edge, with colours that change over the picture.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  keys = jax.random.split(key, 5)
  ground, high = two_colours(keys[0])
  tint = colour(keys[1]) - 0.5
  broad = fields.noise(keys[2], size=size, cell_px=48.0)
  narrow = fields.noise(keys[3], size=size, cell_px=20.0)
  share = jax.nn.sigmoid(2.0 * broad + narrow)[..., None]
  hue = fields.noise(keys[4], size=size, cell_px=64.0)[..., None]
  return jnp.clip(ground + share * (high - ground) + 0.3 * hue * tint, 0, 1)


def thresholded(key: Array, *, size: int) -> Array:
  """Noise cut hard into two colours: blobs and bays of every width.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  slope_key, field_key, level_key, colour_key = jax.random.split(key, 4)
  slope = jax.random.uniform(slope_key, minval=1.2, maxval=2.5)
  field = fields.fractal_noise(field_key, size=size, slope=slope)
  level = jax.random.uniform(level_key, minval=-0.6, maxval=0.6)
  steep = jnp.clip(0.5 + 6.0 * (field - level), 0.0, 1.0)[..., None]
  first, second = two_colours(colour_key)
  return first + steep * (second - first)


def dead_leaves(key: Array, *, size: int) -> Array:
  """Discs and boxes of any size and colour, each over those before it.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  ground_key, leaves_key = jax.random.split(key)
  leaf = functools.partial(_leaf, size=size)
  return _paint(
    leaf, leaves_key, NUM_LEAVES, ground=colour(ground_key), size=size
  )


def _leaf(key: Array, *, size: int) -> tuple[Array, Array]:
  """One leaf: its signed distance and its colour."""
  keys = jax.random.split(key, 6)
  y, x = fields.grid(size)
  centre = jax.random.uniform(keys[0], (2,)) * size
  angle = jax.random.uniform(keys[1]) * jnp.pi
  # Radii follow a power law, so that the scene is alike at any zoom.
  radius = 3.0 / (1.0 - 0.92 * jax.random.uniform(keys[2]))
  is_disc = jax.random.bernoulli(keys[3])
  extent = radius * jax.random.uniform(keys[4], (2,), minval=0.3, maxval=1.5)
  across, along = shapes.rotate(y, x, centre=centre, angle=angle)
  distance = shapes.rounded_box(
    across,
    along,
    half_extent=jnp.where(is_disc, 0.0, extent),
    radius=jnp.where(is_disc, radius, 1.0),
  )
  return distance, colour(keys[5])


def strokes(key: Array, *, size: int) -> Array:
  """Thin and thick strokes, bundles of them and dots, in two colours.

  Angles keep to eighths of a turn about the picture's own axis for most
  strokes, as drawn, printed and machined things do.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  colour_key, axis_key, width_key, strokes_key = jax.random.split(key, 4)
  ground, ink = two_colours(colour_key)
  stroke = functools.partial(
    _stroke,
    size=size,
    axis=jax.random.uniform(axis_key)
    * jnp.pi
    * jax.random.bernoulli(axis_key, 0.5),
    width_px=2.0 * 2.0 ** jax.random.uniform(width_key, maxval=2.5),
  )
  # Painted as the share of ink alone: a third of the memory traffic.
  share = _paint(
    stroke, strokes_key, NUM_STROKES, ground=jnp.zeros(1), size=size
  )
  return ground + share * (ink - ground)


def _stroke(
  key: Array,
  *,
  size: int,
  axis: Array,
  width_px: Array,
) -> tuple[Array, Array]:
  """One stroke, bundle of parallel strokes or dot, of ink or of ground."""
  keys = jax.random.split(key, 8)
  y, x = fields.grid(size)
  centre = jax.random.uniform(keys[0], (2,)) * size
  turn, free = jax.random.uniform(keys[1], (2,))
  eighth = jnp.floor(turn * 8) * (jnp.pi / 8) * 2
  angle = axis + jnp.where(free < 0.15, turn * 2 * jnp.pi, eighth)
  across, along = shapes.rotate(y, x, centre=centre, angle=angle)
  width = width_px * 2.0 ** jax.random.uniform(keys[2], minval=-0.7, maxval=0.7)
  length = jax.random.uniform(keys[3], minval=0.05, maxval=0.6) * size
  # A bundle: the coordinate across is folded onto its nearest repetition.
  pitch = width * jax.random.uniform(keys[4], minval=1.6, maxval=3.5)
  repeats = jnp.floor(4 * jax.random.uniform(keys[5]) ** 3)
  across = across - pitch * jnp.clip(
    jnp.round(across / pitch), -repeats, repeats
  )
  is_dot = jax.random.bernoulli(keys[6], 0.3)
  distance = shapes.rounded_box(
    across,
    along,
    half_extent=jnp.where(is_dot, 0.0, jnp.stack([0.0 * length, length])),
    radius=jnp.where(is_dot, 1.2 * width, 0.5 * width),
  )
  is_ink = jax.random.bernoulli(keys[7], 0.8)
  return distance, is_ink.astype(jnp.float32)[None]


def polygons(key: Array, *, size: int) -> Array:
  """Convex polygons in a few colours on a ground.

  Args:
    key: key.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  ground_key, palette_key, polygons_key = jax.random.split(key, 3)
  palette = jax.vmap(colour)(jax.random.split(palette_key, 3))
  polygon = functools.partial(_polygon, size=size, palette=palette)
  return _paint(
    polygon, polygons_key, NUM_POLYGONS, ground=colour(ground_key), size=size
  )


def _polygon(key: Array, *, size: int, palette: Array) -> tuple[Array, Array]:
  """One polygon: its signed distance and its colour."""
  shape_key, centre_key, radius_key, colour_key = jax.random.split(key, 4)
  y, x = fields.grid(size)
  distance = shapes.convex_polygon(
    shape_key,
    y,
    x,
    centre=jax.random.uniform(centre_key, (2,)) * size,
    radius=6.0 * 2.0 ** jax.random.uniform(radius_key, maxval=3.0),
    sides=6,
  )
  index = jax.random.randint(colour_key, (), 0, palette.shape[0])
  return distance, palette[index]


def _paint(
  draw: Callable[[Array], tuple[Array, Array]],
  key: Array,
  count: int,
  *,
  ground: Array,
  size: int,
) -> Array:
  """Paints ``count`` shapes, each over those before it."""

  def paint_one(canvas: Array, shape_key: Array) -> tuple[Array, None]:
    distance, ink = draw(shape_key)
    cover = shapes.coverage(distance)[..., None]
    return canvas + cover * (ink - canvas), None

  canvas = jnp.broadcast_to(ground, (size, size, *ground.shape))
  keys = jax.random.split(key, count)
  return jax.lax.scan(paint_one, canvas, keys, unroll=4)[0]
