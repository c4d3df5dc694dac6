"""A lamp on a surface, and lights that are part of the scene.

  image = shading.shade(scene, lamp, casts_shadows=jnp.ones(()))
  image = image + shading.glow(key, size=144, settings=settings)

Highlights: J. Blinn, "Models of light reflection for computer synthesized
pictures", SIGGRAPH 1977.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import fields, nuisances
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array

_SHADOW_STEPS_PX = (1, 2, 4, 7, 11)  # where higher ground is looked for
_SHADOW_DEPTH = 0.75  # of the lamp's light, that a shadow takes
_NUM_LIGHTS = 3
_HALO = 0.05  # of a light's brightness, at its rim


class Lamp(NamedTuple):
  """A distant lamp in a bright room.

  Attributes:
    direction: ``[3]``, towards the lamp: columns, rows, towards the camera.
    ambient: scalar, share of the light that comes from everywhere.
    softness_px: scalar, height over which a shadow begins.
  """

  direction: Array
  ambient: Array
  softness_px: Array


def shade(scene: Scene, lamp: Lamp, *, casts_shadows: Array) -> Array:
  """What a camera above sees, not clipped.

  Args:
    scene: the surface.
    lamp: the lamp.
    casts_shadows: scalar, 1 or 0.

  Returns:
    Image ``[S, S, 3]``; where light falls straight, it is the albedo.
  """
  slope_y, slope_x = jnp.gradient(scene.height)
  normal = jnp.stack([-slope_x, -slope_y, jnp.ones_like(slope_x)], axis=-1)
  normal = normal / jnp.linalg.norm(normal, axis=-1, keepdims=True)
  light = lamp.direction / jnp.linalg.norm(lamp.direction)
  half = light + jnp.array([0.0, 0.0, 1.0])
  half = half / jnp.linalg.norm(half)
  falling = jnp.maximum(normal @ light, 0.0) / light[2]
  mirrored = jnp.maximum(normal @ half, 1e-4) ** scene.power
  lit = 1.0 - casts_shadows * _SHADOW_DEPTH * _shadow(scene.height, lamp)
  diffuse = lamp.ambient + (1.0 - lamp.ambient) * falling * lit
  highlight = (1.0 - lamp.ambient) * scene.gloss * mirrored * lit
  return scene.albedo * diffuse[..., None] + highlight[..., None]


def _shadow(height: Array, lamp: Lamp) -> Array:
  """How far higher ground towards the lamp takes its light, ``[S, S]``."""
  across, down, up = lamp.direction
  level = jnp.maximum(jnp.hypot(across, down), 1e-3)
  hidden = jnp.zeros_like(height)
  for step in _SHADOW_STEPS_PX:
    rows, columns = (
      jnp.round(step * way / level).astype(jnp.int32) for way in (down, across)
    )
    there = jnp.roll(jnp.roll(height, -rows, axis=0), -columns, axis=1)
    hidden = jnp.maximum(hidden, there - height - step * up / level)
  return jnp.clip(hidden / lamp.softness_px, 0.0, 1.0)


def glow(key: Array, *, size: int, settings: Mapping[str, float]) -> Array:
  """Lights in the scene, each with a halo; many times as bright as white.

  What of a halo a camera clips depends on its exposure: two takes show lights
  of another size.

  Args:
    key: key.
    size: side S of the picture.
    settings: ``probability`` of lights, ``max_log2`` of their brightness and
      ``max_px``, the largest radius.

  Returns:
    Image ``[S, S, 3]`` to be added, 0 where there is no light.
  """
  keys = jax.random.split(key, 6)
  shape = (_NUM_LIGHTS, 1, 1)
  y, x = fields.grid(size)
  place = size * jax.random.uniform(keys[0], (2, *shape))
  radius = settings['max_px'] ** jax.random.uniform(keys[1], shape)
  away = jnp.hypot(y - place[0], x - place[1])
  profile = jax.nn.sigmoid(2.0 * (radius - away))
  profile = profile + _HALO / (1.0 + jnp.square(away / radius))
  bright = 2.0 ** (settings['max_log2'] * jax.random.uniform(keys[2], shape))
  bright = bright * jax.random.bernoulli(keys[3], 0.5, shape)
  tone = jax.random.uniform(keys[4], (_NUM_LIGHTS, 3), minval=0.3)
  light = jnp.einsum('nyx,nc->yxc', bright * profile, tone)
  return nuisances.maybe(
    keys[5], settings['probability'], light, jnp.zeros_like(light)
  )
