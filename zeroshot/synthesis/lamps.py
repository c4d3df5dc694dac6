"""Lamps that stand low and far apart, on a surface with tall things.

  first, second = lamps.draw(key, settings)
  light = lamps.shade(scene, first)

Beside ``shading``: shadows reach fifty pixels, may be all dark, and have a
colour of their own; a second lamp fills them; slopes are no steeper than a
rounded edge, so that what stands upright has no seam.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import nuisances
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array

# Where higher ground is looked for.
_SHADOW_STEPS_PX = (1, 2, 3, 4, 6, 8, 11, 14, 18, 22, 27, 32, 38, 44, 50)
_STEEPEST = 1.5  # slope, pixels of height in a pixel
_LOWEST = 0.4  # share of a lamp's light that falls on level ground, at least


class Light(NamedTuple):
  """A lamp with shadows, one without, and what comes from everywhere.

  Attributes:
    lamp: ``[3]``, unit vector towards the lamp: columns, rows, towards the
      camera.
    fill: ``[3]``, towards the lamp without shadows, likewise.
    tints: ``[3, 3]``, colour of the lamp, the other and the rest, each with its
      brightness; what the three add on level ground is about 1.
    softness_px: scalar, height over which a shadow begins.
    casts_shadows: scalar, 1 or 0.
  """

  lamp: Array
  fill: Array
  tints: Array
  softness_px: Array
  casts_shadows: Array


def draw(key: Array, settings: Mapping[str, Any]) -> tuple[Light, Light]:
  """The light of two takes.

  Args:
    key: key.
    settings: ``max_slant`` (tangent of a lamp's angle), ``moved_share`` of
      pairs with the lamp elsewhere, ``dark_share`` of those in which little
      comes from everywhere, ``cast_shadow_share`` and ``tint`` (``max_log2``).

  Returns:
    The first and the second; the same where the lamp did not move.
  """
  keys = jax.random.split(key, 9)
  ways = jax.random.uniform(keys[0], (2,)) * 2 * jnp.pi
  slants = settings['max_slant'] ** jax.random.uniform(
    keys[1], (2,), minval=-1.0
  )
  places = slants[:, None] * jnp.stack([jnp.cos(ways), jnp.sin(ways)], axis=-1)
  # Elsewhere altogether, or a little farther on.
  step = jax.random.uniform(keys[2], (2,), minval=0.02, maxval=0.6)
  near = places[0] * (1 + step[0]) + step[1] * places[1]
  near = jnp.where(jax.random.bernoulli(keys[3]), near, places[1])
  is_moved = jax.random.bernoulli(keys[4], settings['moved_share'])
  second = jnp.where(is_moved, near, places[0])
  rest = jax.random.uniform(keys[5], (2,), minval=0.25, maxval=0.8)
  rest = jnp.where(is_moved, rest, rest[0])
  is_dark = jax.random.bernoulli(keys[6], settings['dark_share'])
  rest = jnp.where(is_dark, 0.25 * rest**2, rest)
  shared_key, one_key, other_key = jax.random.split(keys[7], 3)
  casts = jax.random.bernoulli(keys[8], settings['cast_shadow_share'])
  softness = 12.0 ** jax.random.uniform(shared_key)
  lights = [
    _light(each_key, place, share, softness, settings)
    for each_key, place, share in (
      (one_key, places[0], rest[0]),
      (jnp.where(is_moved, other_key, one_key), second, rest[1]),
    )
  ]
  first, after = (
    light._replace(casts_shadows=casts.astype(jnp.float32)) for light in lights
  )
  return first, after


def _light(
  key: Array,
  place: Array,
  rest: Array,
  softness_px: Array,
  settings: Mapping[str, Any],
) -> Light:
  """A lamp above a place, with a fill and tints of its own."""
  keys = jax.random.split(key, 3)
  fill = jax.random.normal(keys[0], (2,))
  share = 0.5 * rest * jax.random.uniform(keys[1])
  strength = jnp.stack([1.0 - rest, share, rest - share])
  bend = settings['tint']['max_log2'] * jax.random.uniform(
    keys[2], (3, 3), minval=-1.0
  )
  return Light(
    lamp=_unit(place),
    fill=_unit(fill),
    tints=strength[:, None] * 2.0**bend,
    softness_px=softness_px,
    casts_shadows=jnp.ones(()),
  )


def _unit(place: Array) -> Array:
  """The unit vector of ``(x, y, 1)``."""
  direction = jnp.concatenate([place, jnp.ones(1)])
  return direction / jnp.linalg.norm(direction)


def shade(scene: Scene, light: Light) -> Array:
  """What a camera above sees, not clipped.

  Args:
    scene: the surface, side S.
    light: what falls on it.

  Returns:
    Image ``[S, S, 3]``.
  """
  slopes = jnp.stack(jnp.gradient(scene.height), axis=-1)  # rows, columns
  steep = jnp.linalg.norm(slopes, axis=-1, keepdims=True)
  slopes = slopes / (1.0 + steep / _STEEPEST)
  normal = jnp.concatenate(
    [-slopes[..., 1:], -slopes[..., :1], jnp.ones_like(slopes[..., :1])], -1
  )
  normal = normal / jnp.linalg.norm(normal, axis=-1, keepdims=True)
  normal, taken = finish((normal, shadow(scene.height, light)))
  lit = 1.0 - light.casts_shadows * taken
  falling, filling = (
    jnp.maximum(normal @ way, 0.0) / jnp.maximum(way[2], _LOWEST)
    for way in (light.lamp, light.fill)
  )
  half = light.lamp + jnp.array([0.0, 0.0, 1.0])
  half = half / jnp.linalg.norm(half)
  mirrored = jnp.maximum(normal @ half, 1e-4) ** scene.power
  shares = jnp.stack([falling * lit, filling, jnp.ones_like(lit)], axis=-1)
  diffuse = scene.albedo * (shares @ light.tints)
  return diffuse + (scene.gloss * mirrored * lit)[..., None] * light.tints[0]


def shadow(height: Array, light: Light) -> Array:
  """The share of the lamp's light that higher ground takes, ``[S, S]``.

  Args:
    height: ``[S, S]``, pixels.
    light: its lamp.

  Returns:
    In [0, 1]. Beyond the picture the ground is as at its edge.
  """
  across, down, up = light.lamp
  level = jnp.maximum(jnp.hypot(across, down), 1e-3)
  size, reach = height.shape[0], _SHADOW_STEPS_PX[-1]
  wide = jnp.pad(height, reach, mode='edge')

  def look(hidden: Array, step: Array) -> tuple[Array, None]:
    start = [
      reach + jnp.round(step * way / level).astype(jnp.int32)
      for way in (down, across)
    ]
    there = jax.lax.dynamic_slice(wide, start, (size, size))
    return jnp.maximum(hidden, there - height - step * up / level), None

  steps = jnp.asarray(_SHADOW_STEPS_PX, jnp.float32)
  hidden = jax.lax.scan(look, jnp.zeros_like(height), steps)[0]
  taken = finish(jnp.clip(hidden / light.softness_px, 0.0, 1.0))
  return nuisances.gaussian_blur(taken[..., None], jnp.ones(()))[..., 0]
