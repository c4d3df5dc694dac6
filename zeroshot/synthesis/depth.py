"""What depth does to a view: things hide others, and are out of focus.

  offsets = depth.parallax(height, tilt, anchor_px=ground)
  image = depth.focus(image, height, focus)

``takes`` moves each point by its own height, which is right for gentle slopes.
Here the camera's rays are followed: what stands upright shows a side and hides
what lies behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import fields, mixture, nuisances
from zeroshot.synthesis.mixture import finish
from zeroshot.types import Array

_LEVELS = 10  # heights at which a ray is looked at
_COARSE = 4  # blur is computed at this share of the resolution


class Focus(NamedTuple):
  """Which of two layers is out of focus, and how far.

  Attributes:
    level_px: scalar, height that divides them.
    near_px: scalar, blur of what is higher: standard deviation, pixels.
    far_px: scalar, blur of what is lower.
  """

  level_px: Array
  near_px: Array
  far_px: Array


def parallax(height: Array, tilt: Array, *, anchor_px: Array) -> Array:
  """Where each pixel of a tilted view comes from, as an offset.

  Args:
    height: ``[S, S]``, pixels.
    tilt: ``[2]``, how far a pixel of height moves, rows and columns.
    anchor_px: scalar, the height that does not move.

  Returns:
    ``[S, S, 2]``, pixels.
  """
  size = height.shape[0]
  y, x = fields.grid(size)
  top, bottom = jnp.max(height), jnp.min(height)
  step = (top - bottom) / _LEVELS

  def look(seen: Array, number: Array) -> tuple[Array, None]:
    level = top - (number + 1) * step
    way = tilt * (level - anchor_px)
    rows, columns = (
      jnp.clip(jnp.round(axis + part), 0, size - 1).astype(jnp.int32)
      for axis, part in ((y, way[0]), (x, way[1]))
    )
    there = height[rows, columns]
    hit = jnp.clip(there, level, level + step)
    return jnp.where((seen < bottom) & (there >= level), hit, seen), None

  nothing = jnp.full_like(height, bottom - 1.0)
  seen = jax.lax.scan(look, nothing, jnp.arange(_LEVELS))[0]
  seen = jnp.maximum(seen, bottom)
  return (seen - anchor_px)[..., None] * tilt


def draw_focus(
  key: Array, height: Array, settings: Mapping[str, float]
) -> tuple[Focus, Focus]:
  """The focus of two takes, all sharp or one of them on a layer.

  Args:
    key: key.
    height: ``[S, S]``, of the scene.
    settings: ``probability`` and ``max_sigma_px``.

  Returns:
    The first and the second.
  """
  keys = jax.random.split(key, 4)
  low, high = jnp.min(height), jnp.max(height)
  level = low + (high - low) * jax.random.uniform(
    keys[0], minval=0.2, maxval=0.7
  )
  blurs = settings['max_sigma_px'] * jax.random.uniform(keys[1], (2,)) ** 2
  blurs = jnp.where(
    jax.random.bernoulli(keys[2], settings['probability']), blurs, 0.0
  )
  sharp = jnp.zeros(())
  turn = jax.random.randint(keys[3], (), 0, 4)
  # Near and far of the first take, then of the second: one layer is blurred,
  # or one in each.
  near = jnp.stack([blurs[0], sharp, blurs[0], sharp])[turn]
  far = jnp.stack([sharp, blurs[0], sharp, sharp])[turn]
  near_after = jnp.stack([sharp, sharp, sharp, blurs[1]])[turn]
  far_after = jnp.stack([sharp, sharp, blurs[1], sharp])[turn]
  return Focus(level, near, far), Focus(level, near_after, far_after)


def focus(image: Array, height: Array, setting: Focus) -> Array:
  """A picture with each layer as sharp as the focus has it.

  What is near and blurred spreads over what is far, with half of its light.

  Args:
    image: ``[S, S, 3]``, S a multiple of 4.
    height: ``[S, S]``, pixels, as this picture shows it.
    setting: of ``draw_focus``.

  Returns:
    ``[S, S, 3]``.
  """
  is_sharp = (setting.near_px == 0) & (setting.far_px == 0)
  return jax.lax.cond(
    is_sharp, lambda image, *_: image, _in_layers, image, height, setting
  )


def _in_layers(image: Array, height: Array, setting: Focus) -> Array:
  """``focus`` of a picture that is not sharp all over."""
  cover = jax.nn.sigmoid(2.0 * (height - setting.level_px))[..., None]
  rest = 1.0 - cover
  layers = finish(
    jnp.stack(
      [jnp.concatenate([part * image, part], axis=-1) for part in (cover, rest)]
    )
  )
  near, far = finish(
    mixture.for_each(lambda layer: _blur(*layer))(
      (layers, jnp.stack([setting.near_px, setting.far_px]))
    )
  )
  behind = far[..., :3] / jnp.maximum(far[..., 3:], 1e-3)
  hidden = near[..., :3] / jnp.maximum(near[..., 3:], 1e-3)
  behind = jnp.where(far[..., 3:] > 1e-2, behind, hidden)
  return near[..., :3] + (1.0 - near[..., 3:]) * behind


def _blur(image: Array, sigma_px: Array) -> Array:
  """A blur of up to 8 pixels; a deep one is at a quarter of the resolution."""
  fine = finish(nuisances.gaussian_blur(image, jnp.minimum(sigma_px, 1.5)))
  size, _, channels = image.shape
  cells = size // _COARSE
  blocks = image.reshape(cells, _COARSE, cells, _COARSE, channels)
  coarse = nuisances.gaussian_blur(
    jnp.mean(blocks, axis=(1, 3)), sigma_px / _COARSE
  )
  coarse = finish(jax.image.resize(finish(coarse), image.shape, 'linear'))
  deep = jnp.clip((sigma_px - 1.5) / 1.0, 0.0, 1.0)
  return fine + deep * (coarse - fine)
