"""Differences between two pictures of the same part that are no defects.

Three groups. ``displacement`` gathers what moves pixels; the kinds of
lighting and sensing are ``(key, image, *, ...) -> image`` for one side;
``binarise`` cuts a picture into black and white along a ragged edge. Each is
drawn with its own probability by ``maybe``. What takes long to compile is left
out of the program where ``is_off``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from zeroshot import bilinear
from zeroshot.synthesis import compression, fields
from zeroshot.types import Array

BLUR_RADIUS_PX = 3
RAGGED_CELL_PX = 3.0


def maybe(key: Array, probability: float, changed: Array, kept: Array) -> Array:
  """``changed`` with a probability, else ``kept``."""
  return jnp.where(jax.random.bernoulli(key, probability), changed, kept)


def is_off(settings: Mapping[str, float | Array]) -> bool:
  """Whether a nuisance has probability 0, known while compiling."""
  probability = settings['probability']
  return isinstance(probability, int | float) and probability == 0


def amplitude(key: Array, probability: float, largest: float) -> Array:
  """Uniform in [-largest, largest] with a probability, else exactly 0."""
  gate_key, value_key = jax.random.split(key)
  value = jax.random.uniform(value_key, minval=-largest, maxval=largest)
  return maybe(gate_key, probability, value, jnp.zeros(()))


# --- Displacement -----------------------------------------------------------


def displacement(
  key: Array,
  *,
  size: int,
  shift: dict[str, float],
  rotation: dict[str, float],
  scale: dict[str, float],
  warp: dict[str, float],
) -> Array:
  """Where each pixel of the moved picture comes from, as an offset.

  Args:
    key: key.
    size: side of the picture.
    shift: ``probability`` and ``max_px`` in each direction.
    rotation: ``probability`` and ``max_deg``, about the centre.
    scale: ``probability`` and ``max_change``, about the centre.
    warp: ``probability``, ``max_px`` (about two standard deviations) and
      ``cell_px`` of smooth local movement.

  Returns:
    Float32 ``[size, size, 2]``, row and column offsets in pixels.
  """
  keys = jax.random.split(key, 6)
  y, x = fields.grid(size)
  dy, dx = y - (size - 1) / 2, x - (size - 1) / 2
  turn = jnp.deg2rad(
    amplitude(keys[0], rotation['probability'], rotation['max_deg'])
  )
  zoom = 1 + amplitude(keys[1], scale['probability'], scale['max_change'])
  cos, sin = zoom * jnp.cos(turn), zoom * jnp.sin(turn)
  rigid = jnp.stack([(cos - 1) * dy - sin * dx, sin * dy + (cos - 1) * dx], -1)
  shift_keys = jax.random.split(keys[2], 2)
  moved = jnp.stack(
    [amplitude(k, shift['probability'], shift['max_px']) for k in shift_keys]
  )
  if is_off(warp):
    return rigid + moved
  reach = amplitude(keys[3], warp['probability'], warp['max_px'])
  local = jnp.stack(
    [
      fields.noise(k, size=size, cell_px=warp['cell_px'])
      for k in jax.random.split(keys[4], 2)
    ],
    axis=-1,
  )
  return rigid + moved + 0.7 * reach * local


def move(image: Array, offsets: Array, *, margin: int) -> Array:
  """Samples a picture at displaced pixels, bilinearly, and crops the margin.

  Args:
    image: ``[S, S, C]``.
    offsets: ``[S - 2 * margin, S - 2 * margin, 2]``, row and column, pixels.
    margin: pixels around the result that only movement brings in.

  Returns:
    ``[S - 2 * margin, S - 2 * margin, C]``; the edge is replicated
    beyond the picture.
  """
  size = image.shape[0]
  y, x = fields.grid(offsets.shape[0])
  rows = jnp.clip(y + margin + offsets[..., 0], 0.0, size - 1.001)
  columns = jnp.clip(x + margin + offsets[..., 1], 0.0, size - 1.001)
  return bilinear.sample(image, rows, columns)


# --- Black and white --------------------------------------------------------


def binarise(
  image: Array, ragged_px: Array, *, level: Array, blur_px: Array
) -> Array:
  """Cuts a picture into black and white.

  Args:
    image: ``[S, S, 3]``.
    ragged_px: ``[S, S]``, how far each point of an edge is moved, pixels.
    level: scalar in standard deviations of brightness above its mean.
    blur_px: scalar, standard deviation of the optics' blur before the cut.

  Returns:
    Image ``[S, S, 3]``, nearly all of it 0 or 1.
  """
  brightness = jnp.mean(image, axis=-1)
  softened = gaussian_blur(brightness[..., None], blur_px)[..., 0]
  spread = jnp.maximum(jnp.std(brightness), 0.05)
  height = (softened - jnp.mean(brightness)) / spread - level
  slope_y, slope_x = jnp.gradient(height)
  height = height - ragged_px * jnp.hypot(slope_y, slope_x)
  cut = jnp.clip(0.5 + 2.0 * height, 0.0, 1.0)
  return jnp.broadcast_to(cut[..., None], image.shape)


def ragged_field(key: Array, *, size: int, max_px: float) -> Array:
  """The field that frays an edge: noise of a few pixels and a slow drift.

  Args:
    key: key.
    size: side of the picture.
    max_px: largest standard deviation, pixels.

  Returns:
    Float32 ``[size, size]``, pixels.
  """
  fine_key, slow_key, reach_key, drift_key = jax.random.split(key, 4)
  fine = fields.noise(fine_key, size=size, cell_px=RAGGED_CELL_PX)
  slow = fields.noise(slow_key, size=size, cell_px=32.0)
  reach = max_px * jax.random.uniform(reach_key)
  drift = 0.5 * max_px * jax.random.uniform(drift_key, minval=-1.0)
  return reach * fine + drift * (1.0 + slow)


# --- Lighting and sensing ---------------------------------------------------


def relight(
  key: Array,
  image: Array,
  *,
  brightness: dict[str, float],
  contrast: dict[str, float],
  gamma: dict[str, float],
  spot_light: dict[str, float],
) -> Array:
  """Another lamp, exposure and tone curve.

  Args:
    key: key.
    image: ``[S, S, 3]``.
    brightness: ``probability`` and ``max_change``, added.
    contrast: ``probability`` and ``max_change``, about mid-grey.
    gamma: ``probability`` and ``max_log2`` of the exponent.
    spot_light: ``probability`` and ``max_change`` at the spot's centre.

  Returns:
    Image ``[S, S, 3]``, clipped to [0, 1].
  """
  keys = jax.random.split(key, 6)
  size = image.shape[0]
  if not is_off(gamma):
    power = amplitude(keys[0], gamma['probability'], gamma['max_log2'])
    exponent = 2.0**power
    # The power has no slope at 0 and black stays black only where it is 1.
    bent = jnp.maximum(image, 1e-4) ** exponent
    image = jnp.where(exponent == 1, image, bent)
  gain = 1 + amplitude(keys[1], contrast['probability'], contrast['max_change'])
  lift = amplitude(keys[2], brightness['probability'], brightness['max_change'])
  lit = (image - 0.5) * gain + 0.5 + lift
  if is_off(spot_light):
    return jnp.clip(lit, 0.0, 1.0)
  y, x = fields.grid(size)
  centre = jax.random.uniform(keys[3], (2,)) * size
  radius = size * jax.random.uniform(keys[4], minval=0.15, maxval=0.6)
  distance = ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / radius**2
  spot = amplitude(keys[5], spot_light['probability'], spot_light['max_change'])
  light = spot * jnp.exp(-0.5 * distance)[..., None]
  return jnp.clip(lit + light, 0.0, 1.0)


def gaussian_blur(image: Array, sigma_px: Array) -> Array:
  """Separable Gaussian blur of 7 taps; a sigma of 0 changes nothing.

  Args:
    image: ``[S, S, C]``.
    sigma_px: scalar standard deviation, at most about 1.5.

  Returns:
    ``[S, S, C]``, edges replicated.
  """
  taps = jnp.arange(-BLUR_RADIUS_PX, BLUR_RADIUS_PX + 1)
  weights = jnp.exp(-0.5 * (taps / jnp.maximum(sigma_px, 1e-2)) ** 2)
  weights = weights / jnp.sum(weights)
  pad = BLUR_RADIUS_PX
  padded = jnp.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode='edge')
  rows, columns = image.shape[:2]
  shifts = range(2 * pad + 1)
  tall = functools.reduce(
    jnp.add, (weights[i] * padded[i : i + rows] for i in shifts)
  )
  return functools.reduce(
    jnp.add, (weights[i] * tall[:, i : i + columns] for i in shifts)
  )


def sense(
  key: Array,
  image: Array,
  *,
  blur: dict[str, float],
  noise: dict[str, float],
  blocking: dict[str, float],
) -> Array:
  """Another lens, sensor and file format: blur, noise, 8x8 blocking.

  Args:
    key: key.
    image: ``[S, S, 3]``, S a multiple of 8.
    blur: ``probability`` and ``max_sigma_px``.
    noise: ``probability`` and ``max_std``.
    blocking: ``probability`` and ``max_step``.

  Returns:
    Image ``[S, S, 3]``, clipped to [0, 1].
  """
  keys = jax.random.split(key, 4)
  if not is_off(blur):
    image = defocus(keys[0], image, **blur)
  if not is_off(noise):
    std = amplitude(keys[1], noise['probability'], noise['max_std'])
    image = image + std * jax.random.normal(keys[2], image.shape)
  if not is_off(blocking):
    step = amplitude(keys[3], blocking['probability'], blocking['max_step'])
    image = compression.compress(image, step)
  return jnp.clip(image, 0.0, 1.0)


def defocus(
  key: Array, image: Array, *, probability: float, max_sigma_px: float
) -> Array:
  """A Gaussian blur of ``[S, S, C]`` with a probability."""
  sigma_px = amplitude(key, probability, max_sigma_px)
  return gaussian_blur(image, jnp.abs(sigma_px))
