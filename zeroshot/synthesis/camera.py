"""What a camera makes of a lit surface: colour, exposure, noise, file format.

  image = camera.expose(key, light, settings)
  image = camera.record(key, image, noise, settings)

Light in, image in [0, 1] out. ``expose`` is what two takes may share when their
difference is labelled; ``record`` adds what differs from take to take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zeroshot.synthesis import compression, fields, nuisances
from zeroshot.types import Array

Settings = Mapping[str, Mapping[str, float]]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def expose(key: Array, light: Array, settings: Settings) -> Array:
  """A white balance, an exposure and a tone curve, clipped at both ends.

  Args:
    key: key.
    light: ``[S, S, 3]``, not negative.
    settings: ``probability`` and ``max_log2`` of ``white_balance``,
      ``exposure`` and ``curve``.

  Returns:
    Image ``[S, S, 3]`` in [0, 1].
  """
  keys = jax.random.split(key, 4)
  balance = settings['white_balance']
  gains = jnp.stack(
    [
      nuisances.amplitude(k, balance['probability'], balance['max_log2'])
      for k in jax.random.split(keys[0], 3)
    ]
  )
  stops = nuisances.amplitude(keys[1], **_named(settings['exposure']))
  bend = nuisances.amplitude(keys[2], **_named(settings['curve']))
  exposed = jnp.clip(light * 2.0 ** (gains + stops), 1e-4, 1.0)
  return exposed ** (2.0**bend)


def _named(settings: Mapping[str, float]) -> dict[str, float]:
  """Settings as the arguments of ``nuisances.amplitude``."""
  return {
    'probability': settings['probability'],
    'largest': settings['max_log2'],
  }


def illuminate(key: Array, image: Array, settings: Settings) -> Array:
  """A gradient of light, a vignette, a half in shadow and a glare.

  Args:
    key: key.
    image: ``[S, S, 3]``.
    settings: ``probability`` and ``max_change`` of ``gradient``, ``shadow``
      and ``glare``.

  Returns:
    Image ``[S, S, 3]``, not clipped.
  """
  keys = jax.random.split(key, 8)
  size = image.shape[0]
  y, x = (2 * axis / size - 1 for axis in fields.grid(size))
  gradient, shadow, glare = (
    settings[name] for name in ('gradient', 'shadow', 'glare')
  )
  tilt = [
    nuisances.amplitude(k, gradient['probability'], gradient['max_change'])
    for k in jax.random.split(keys[0], 3)
  ]
  slope = tilt[0] * y + tilt[1] * x - jnp.abs(tilt[2]) * (y**2 + x**2)
  image = image * (1 + slope)[..., None]
  side = _half(keys[1:4], y, x)
  depth = jnp.abs(
    nuisances.amplitude(keys[4], shadow['probability'], shadow['max_change'])
  )
  image = image * (1 - depth * side)[..., None]
  away = _spot(keys[5:7], y, x)
  bright = jnp.abs(
    nuisances.amplitude(keys[7], glare['probability'], glare['max_change'])
  )
  return image + (bright * jnp.exp(-away))[..., None]


def _half(keys: Array, y: Array, x: Array) -> Array:
  """1 on one side of a line across the picture, 0 on the other, ``[S, S]``."""
  way = jax.random.uniform(keys[0]) * 2 * jnp.pi
  place = jax.random.uniform(keys[1], minval=-0.7, maxval=0.7)
  width = jax.random.uniform(keys[2], minval=0.01, maxval=0.2)
  return jax.nn.sigmoid((y * jnp.sin(way) + x * jnp.cos(way) - place) / width)


def _spot(keys: Array, y: Array, x: Array) -> Array:
  """Squared distance from an ellipse's centre, in its radii, ``[S, S]``."""
  centre = jax.random.uniform(keys[0], (2,), minval=-1.0)
  radius = jax.random.uniform(keys[1], (2,), minval=0.02, maxval=0.35)
  return ((y - centre[0]) / radius[0]) ** 2 + ((x - centre[1]) / radius[1]) ** 2


def noise_levels(key: Array, settings: Settings) -> Array:
  """Standard deviations of a camera's noise, ``[2]``.

  Args:
    key: key.
    settings: ``probability`` and ``max_std`` of ``noise``.

  Returns:
    That of black, and what white adds to it.
  """
  most = settings['noise']
  levels = nuisances.amplitude(key, most['probability'], 1.0)
  kind = jax.random.uniform(jax.random.fold_in(key, 1))
  return most['max_std'] * levels**2 * jnp.stack([kind, 1 - kind])


def record(
  key: Array, image: Array, noise: Array, settings: Mapping[str, Any]
) -> Array:
  """Defocus, noise, thinned colour and blocking.

  Args:
    key: key.
    image: ``[S, S, 3]`` in [0, 1], S a multiple of 8.
    noise: of ``noise_levels``.
    settings: ``defocus`` and ``depth_of_field`` (``probability``,
      ``max_sigma_px``), ``chroma`` (``probability``) and ``blocking``
      (``probability``, ``max_step``).

  Returns:
    Image ``[S, S, 3]`` in [0, 1].
  """
  keys = jax.random.split(key, 5)
  image = nuisances.defocus(keys[0], image, **settings['defocus'])
  image = _out_of_focus(keys[4], image, **settings['depth_of_field'])
  std = noise[0] + noise[1] * jnp.sqrt(jnp.maximum(image, 0.0))
  image = image + std * jax.random.normal(keys[1], image.shape)
  image = nuisances.maybe(
    keys[2], settings['chroma']['probability'], _thin_colour(image), image
  )
  blocking = settings['blocking']
  step = nuisances.amplitude(
    keys[3], blocking['probability'], blocking['max_step']
  )
  image = compression.compress(image, step)
  return jnp.clip(image, 0.0, 1.0)


def _out_of_focus(
  key: Array, image: Array, *, probability: float, max_sigma_px: float
) -> Array:
  """A wide blur of parts of a picture, as of what is too near or too far.

  It is computed at half the resolution.
  """
  keys = jax.random.split(key, 4)
  size, _, channels = image.shape
  halves = image.reshape(size // 2, 2, size // 2, 2, channels)
  sigma_px = max_sigma_px * jax.random.uniform(keys[0], minval=0.3)
  blurred = nuisances.gaussian_blur(jnp.mean(halves, axis=(1, 3)), sigma_px / 2)
  blurred = jax.image.resize(blurred, image.shape, 'linear')
  depth = fields.noise(keys[1], size=size, cell_px=48.0)
  where = jax.nn.sigmoid(8.0 * depth + 3.0 * jax.random.normal(keys[2]) + 1.0)[
    ..., None
  ]
  mixed = image + where * (blurred - image)
  return nuisances.maybe(keys[3], probability, mixed, image)


def luma(image: Array) -> Array:
  """Brightness ``[S, S, 1]`` of an image ``[S, S, 3]``, by ITU-R BT.601."""
  return (image @ _LUMA)[..., None]


def _thin_colour(image: Array) -> Array:
  """Colour at half the resolution, as most JPEG files keep it."""
  brightness = luma(image)
  colour = image - brightness
  size, _, channels = colour.shape
  coarse = colour.reshape(size // 2, 2, size // 2, 2, channels)
  coarse = jnp.broadcast_to(
    jnp.mean(coarse, axis=(1, 3), keepdims=True), coarse.shape
  )
  return brightness + coarse.reshape(colour.shape)


def dust(key: Array, image: Array, settings: Mapping[str, float]) -> Array:
  """A few specks that no one wants to hear of.

  Args:
    key: key.
    image: ``[S, S, 3]``.
    settings: ``probability``, and ``max_px``, the largest diameter.

  Returns:
    Image ``[S, S, 3]``.
  """
  keys = jax.random.split(key, 5)
  size = image.shape[0]
  density = 10.0 ** jax.random.uniform(keys[0], minval=-4.3, maxval=-3.0)
  specks = jax.random.uniform(keys[1], (size, size)) < density
  sigma_px = settings['max_px'] / 3.5 * jax.random.uniform(keys[2], minval=0.3)
  spread = nuisances.gaussian_blur(specks[..., None] * 1.0, sigma_px)
  cover = jnp.clip(spread * 7.0 * sigma_px**2, 0.0, 1.0)
  tone = jax.random.uniform(keys[3])
  dusty = image + cover * (tone - image)
  return nuisances.maybe(keys[4], settings['probability'], dusty, image)
