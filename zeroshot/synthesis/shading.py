"""A lamp on a surface: shading, highlights and the shadows that parts cast.

  image = shading.shade(scene, lamp, casts_shadows=jnp.ones(()))

Highlights: J. Blinn, "Models of light reflection for computer synthesized
pictures", SIGGRAPH 1977.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array

_SHADOW_STEPS_PX = (1, 2, 4, 7, 11)  # where higher ground is looked for
_SHADOW_DEPTH = 0.75  # of the lamp's light, that a shadow takes


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
