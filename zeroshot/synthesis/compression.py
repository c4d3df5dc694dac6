"""Blocks of 8x8 pixels whose frequencies are quantised, as JPEG does.

image = compression.compress(image, step)
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from zeroshot.types import Array


def compress(image: Array, step: Array) -> Array:
  """``block`` by the size of a step; a step of 0 changes nothing.

  Args:
    image: ``[S, S, C]``, S a multiple of 8.
    step: scalar, of either sign.

  Returns:
    ``[S, S, C]``.
  """
  return jnp.where(step == 0, image, block(image, jnp.abs(step)))


def block(image: Array, step: Array) -> Array:
  """Quantises the cosine coefficients of 8x8 blocks, as JPEG does.

  Source of the transform: ITU-T T.81 (1992), A.3.3. The step grows with
  frequency along a plain ramp instead of the standard's tables.

  Args:
    image: ``[S, S, C]``, S a multiple of 8.
    step: scalar step of the highest frequency, brightness units.

  Returns:
    ``[S, S, C]``.
  """
  size, _, channels = image.shape
  basis = jnp.asarray(_cosine_basis())
  blocks = image.reshape(size // 8, 8, size // 8, 8, channels)
  coefficients = jnp.einsum('ui,aibjc,vj->aubvc', basis, blocks, basis)
  ramp = (1.0 + jnp.arange(8)[:, None] + jnp.arange(8)[None, :]) / 15
  steps = jnp.maximum(8 * step * ramp, 1e-6)[None, :, None, :, None]
  coefficients = jnp.round(coefficients / steps) * steps
  blocks = jnp.einsum('ui,aubvc,vj->aibjc', basis, coefficients, basis)
  return blocks.reshape(image.shape)


def _cosine_basis() -> np.ndarray:
  """The orthonormal DCT-II matrix ``[frequency, place]`` of 8 points."""
  frequency, place = np.mgrid[:8, :8]
  basis = np.cos(np.pi * frequency * (2 * place + 1) / 16) / 2
  basis[0] /= np.sqrt(2)
  return basis.astype(np.float32)
