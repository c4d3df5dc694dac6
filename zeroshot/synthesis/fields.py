"""Smooth random fields and the coordinate grid that shapes are drawn on.

Usage:
  y, x = fields.grid(144)
  noise = fields.noise(key, size=144, cell_px=16.0)
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from zeroshot.types import Array

# Cell sizes of the octaves of fractal noise, in pixels.
OCTAVES_PX = (64.0, 32.0, 16.0, 8.0, 4.0)


def grid(size: int) -> tuple[Array, Array]:
  """Pixel centres of a square picture.

  Args:
    size: side in pixels.

  Returns:
    ``y`` of shape ``[size, 1]`` and ``x`` of shape ``[1, size]``, float32,
    from 0 to ``size - 1``.
  """
  line = jnp.arange(size, dtype=jnp.float32)
  return line[:, None], line[None, :]


def noise(key: Array, *, size: int, cell_px: float) -> Array:
  """Smooth noise: a lattice of normal numbers, interpolated by cubics.

  Args:
    key: key.
    size: side in pixels.
    cell_px: distance of the lattice's points.

  Returns:
    Float32 ``[size, size]``, mean about 0, variance under 1.
  """
  cells = max(2, math.ceil(size / cell_px) + 1)
  lattice = jax.random.normal(key, (cells, cells))
  return jax.image.resize(lattice, (size, size), 'cubic')


def fractal_noise(key: Array, *, size: int, slope: Array | float) -> Array:
  """Octaves of smooth noise whose amplitude falls with frequency.

  Args:
    key: key.
    size: side in pixels.
    slope: scalar; an octave of half the cell has ``2 ** -slope`` times the
      amplitude. 0 is rough, 2 is cloud-like.

  Returns:
    Float32 ``[size, size]``, mean about 0, variance about 1.
  """
  keys = jax.random.split(key, len(OCTAVES_PX))
  amplitudes = 2.0 ** (-slope * jnp.arange(len(OCTAVES_PX)))
  amplitudes = amplitudes / jnp.linalg.norm(amplitudes)
  field = jnp.zeros((size, size))
  for octave, cell_px in enumerate(OCTAVES_PX):
    field += amplitudes[octave] * noise(
      keys[octave], size=size, cell_px=cell_px
    )
  return field * 1.4  # the interpolation took about half of the variance
