"""The content of a region, in place of the scene.

Every kind is ``(key, scene, other) -> image [size, size, 3]``: the scene as it
is, and another background's pixels, to replace the scene where the region is.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.synthesis import backgrounds
from zeroshot.types import Array


def background(key: Array, scene: Array, other: Array) -> Array:
  """Another background's pixels, as in the source paper.

  Args:
    key: unused; all kinds have one signature.
    scene: image ``[size, size, 3]``.
    other: image ``[size, size, 3]``.

  Returns:
    ``other``.
  """
  del key, scene
  return other


def constant(key: Array, scene: Array, other: Array) -> Array:
  """One colour: of some pixel of the scene, black, white or any.

  A colour that the scene has makes things appear and vanish: a gap in a line,
  a bridge between two.

  Args:
    key: key.
    scene: image ``[size, size, 3]``.
    other: unused.

  Returns:
    Image ``[size, size, 3]`` of one colour.
  """
  del other
  place_key, colour_key, choice_key = jax.random.split(key, 3)
  row, column = jax.random.randint(place_key, (2,), 0, scene.shape[0])
  own = scene[row, column]
  free = backgrounds.colour(colour_key)
  extreme = jnp.round(free)
  choice = jax.random.uniform(choice_key)
  fill = jnp.where(choice < 0.6, own, jnp.where(choice < 0.8, free, extreme))
  return jnp.broadcast_to(fill, scene.shape)


def inverted(key: Array, scene: Array, other: Array) -> Array:
  """The scene's negative.

  Args:
    key: unused.
    scene: image ``[size, size, 3]``.
    other: unused.

  Returns:
    Image ``[size, size, 3]``.
  """
  del key, other
  return 1.0 - scene


def recoloured(key: Array, scene: Array, other: Array) -> Array:
  """The scene with another brightness and its channels in another order.

  Args:
    key: key.
    scene: image ``[size, size, 3]``.
    other: unused.

  Returns:
    Image ``[size, size, 3]``.
  """
  del other
  order_key, shift_key, sign_key = jax.random.split(key, 3)
  mixed = scene[..., jax.random.permutation(order_key, 3)]
  shift = jax.random.uniform(shift_key, (3,), minval=0.15, maxval=0.5)
  sign = jnp.where(jax.random.bernoulli(sign_key), 1.0, -1.0)
  return jnp.clip(mixed + sign * shift, 0.0, 1.0)
