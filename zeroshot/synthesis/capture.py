"""Two pictures of the scenes, each with its own nuisances, and their mask.

pair = capture(key, reference_scene, test_scene, margin_px=8, ...)
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from zeroshot.synthesis import nuisances
from zeroshot.synthesis.mixture import finish
from zeroshot.types import Array, Pair


def capture(
  key: Array,
  reference: Array,
  test: Array,
  *,
  margin_px: int,
  min_change: float,
  nuisance: Mapping[str, Any],
) -> Pair:
  """Takes both pictures, each with its own nuisances; labels the difference.

  Args:
    key: key.
    reference: scene of the reference, ``[S, S, 3]``.
    test: scene of the test picture, ``[S, S, 3]``.
    margin_px: cropped from each edge.
    min_change: least change of a channel that is labelled.
    nuisance: settings of each nuisance by name.

  Returns:
    Pair of ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures.
  """
  keys = jax.random.split(key, 4)
  size = reference.shape[0] - 2 * margin_px
  offsets = displacement(keys[0], size=size, nuisance=nuisance)
  crop = slice(margin_px, margin_px + size)
  still, test = reference[crop, crop], test[crop, crop]
  moved = nuisances.move(reference, offsets, margin=margin_px)
  moved, test, mask = finish(
    _binarise_or_not(
      keys[1], still, moved, test, min_change, **nuisance['binarisation']
    )
  )

  moved, test = develop(keys[2:], moved, test, nuisance=nuisance)
  return Pair(reference=moved, test=test, mask=mask)


def displacement(
  key: Array, *, size: int, nuisance: Mapping[str, Any]
) -> Array:
  """``nuisances.displacement`` under the settings of all nuisances by name."""
  names = ('shift', 'rotation', 'scale', 'warp')
  return nuisances.displacement(
    key, size=size, **{name: nuisance[name] for name in names}
  )


def develop(
  keys: Array, reference: Array, test: Array, *, nuisance: Mapping[str, Any]
) -> tuple[Array, Array]:
  """Each picture under a light and through a sensor of its own.

  Args:
    keys: keys ``[2]``.
    reference: image ``[S, S, 3]``.
    test: image ``[S, S, 3]``.
    nuisance: settings of each nuisance by name.

  Returns:
    Both, with nothing moved.
  """

  def one(key: Array, image: Array) -> Array:
    light_key, sense_key = jax.random.split(key)
    light = ('brightness', 'contrast', 'gamma', 'spot_light')
    image = nuisances.relight(
      light_key, image, **{name: nuisance[name] for name in light}
    )
    return nuisances.sense(
      sense_key,
      image,
      **{name: nuisance[name] for name in ('blur', 'noise', 'blocking')},
    )

  reference, test = jax.vmap(one)(keys, jnp.stack([reference, test]))
  return reference, test


def _binarise_or_not(
  key: Array,
  still: Array,
  moved: Array,
  test: Array,
  min_change: float,
  *,
  probability: float,
  max_ragged_px: float,
) -> tuple[Array, Array, Array]:
  """Binarises both pictures or neither; returns them and the mask.

  A change that binarisation removes is not a difference, so the mask compares
  the unmoved pictures after it, with smooth edges.
  """

  def differs(first: Array, second: Array) -> Array:
    return jnp.max(jnp.abs(first - second), axis=-1)

  if nuisances.is_off({'probability': probability}):
    mask = (differs(still, test) > min_change).astype(jnp.float32)
    return moved, test, mask
  keys = jax.random.split(key, 5)
  size = test.shape[0]
  is_cut = jax.random.bernoulli(keys[0], probability)
  level = jax.random.uniform(keys[1], minval=-0.3, maxval=0.3)
  blur_px = jax.random.uniform(keys[2], minval=0.5, maxval=1.5)
  cut = functools.partial(nuisances.binarise, level=level, blur_px=blur_px)
  smooth = jnp.zeros((size, size))
  difference = jnp.where(
    is_cut,
    differs(cut(still, smooth)[..., :1], cut(test, smooth)[..., :1]),
    differs(still, test),
  )
  mask = (difference > min_change).astype(jnp.float32)
  fray = functools.partial(
    nuisances.ragged_field, size=size, max_px=max_ragged_px
  )
  moved = jnp.where(is_cut, cut(moved, fray(keys[3])), moved)
  test = jnp.where(is_cut, cut(test, fray(keys[4])), test)
  return moved, test, mask
