"""Crops of photographs, from a bank that the device holds.

image = photographs.crop(key, bank, size=144)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.types import Array


def crop(key: Array, bank: Array, *, size: int) -> Array:
  """A crop of the bank, zoomed, turned, flipped, its channels permuted.

  Args:
    key: key.
    bank: uint8 ``[N, S, S, 3]``.
    size: side of the result.

  Returns:
    Image ``[size, size, 3]``.
  """
  keys = jax.random.split(key, 7)
  picture = bank[jax.random.randint(keys[0], (), 0, bank.shape[0])]
  side = bank.shape[1]
  largest = (side - 1) / (size - 1)
  zoom = jax.random.uniform(keys[1], minval=min(0.5, largest), maxval=largest)
  zoom = jnp.minimum(zoom, 1.5)
  slack = side - 1 - zoom * (size - 1)
  start = jax.random.uniform(keys[2], (2,)) * slack
  steps = zoom * jnp.arange(size)
  rows = _interpolate(picture, start[0] + steps)  # [size, S, 3]
  columns = _interpolate(jnp.swapaxes(rows, 0, 1), start[1] + steps)
  flips = jax.random.bernoulli(keys[3], shape=(2,))
  image = jnp.where(flips[0], columns[::-1], columns)
  image = jnp.where(flips[1], image[:, ::-1], image)
  image = jnp.where(
    jax.random.bernoulli(keys[4]), jnp.swapaxes(image, 0, 1), image
  )
  image = image[..., jax.random.permutation(keys[5], 3)]
  negative = jax.random.bernoulli(keys[6], 0.2)
  return jnp.where(negative, 1.0 - image, image)


def _interpolate(rows: Array, positions: Array) -> Array:
  """Linear interpolation along axis 0 of uint8 or float rows in [0, 255]."""
  low = jnp.clip(jnp.floor(positions).astype(jnp.int32), 0, rows.shape[0] - 2)
  share = (positions - low)[:, None, None]
  scale = 1 / 255 if rows.dtype == jnp.uint8 else 1.0
  lower = rows[low].astype(jnp.float32)
  upper = rows[low + 1].astype(jnp.float32)
  return (lower + share * (upper - lower)) * scale
