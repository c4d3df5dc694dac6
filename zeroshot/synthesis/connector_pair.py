"""Two pictures of a connector, the second with foreign objects.

  pair = connector_pair.draw(key, height=320, width=400)

Between the takes the lamp moves to the other side, the exposure and the white
balance change, and the camera moves by a pixel or two. The scene is that of
``connectors``.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import connectors, nuisances, shading
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array, Pair

MARGIN_PX = 8  # of the scene round the pictures, which movement brings in
_MIN_CHANGE = 0.1  # of a channel, under one lamp
_TONE = 1 / 1.8  # exponent of the tone curve
_LENS_PX = 0.6  # standard deviation of the lens's blur


class _Take(NamedTuple):
  """What differs from take to take.

  Attributes:
    lamp: the lamp.
    gains: of red, green and blue.
    shift_px: of the camera, rows and columns.
    turn_deg: of the camera, about the middle.
    noise: standard deviation at white.
  """

  lamp: shading.Lamp
  gains: tuple[float, float, float]
  shift_px: tuple[float, float]
  turn_deg: float
  noise: float


def _takes() -> tuple[_Take, _Take]:
  """Of the reference and of the test picture."""
  soft = jnp.float32(4.0)
  return (
    _Take(
      shading.Lamp(jnp.array([-0.45, -0.5, 1.0]), jnp.float32(0.5), soft),
      gains=(1.0, 1.0, 1.0),
      shift_px=(0.0, 0.0),
      turn_deg=0.0,
      noise=0.012,
    ),
    _Take(
      shading.Lamp(jnp.array([0.2, -0.6, 1.0]), jnp.float32(0.55), soft),
      gains=(1.25, 1.2, 1.12),
      shift_px=(-1.4, 1.8),
      turn_deg=0.3,
      noise=0.016,
    ),
  )


def draw(key: Array, *, height: int, width: int) -> Pair:
  """Draws the scene, and takes it twice.

  Args:
    key: key.
    height: of the pictures, at most ``width``.
    width: of the pictures, at least ``connectors.LEAST_SIZE_PX``.

  Returns:
    Pair of float32 ``[height, width, 3]`` pictures in [0, 1], and the mask
    ``[height, width]``: where the test picture would differ from one of the
    good connector by the same lamp and camera.

  Raises:
    ValueError: the pictures are too small for the connector.
  """
  scene_key, *noise_keys = jax.random.split(key, 3)
  size = width + 2 * MARGIN_PX
  good = connectors.draw(scene_key, size=size)
  bad = connectors.draw_littered(scene_key, size=size)
  first, second = _takes()
  reference, test, still = finish(
    (_see(good, first), _see(bad, second), _see(good, second))
  )
  mask = jnp.max(jnp.abs(test - still), axis=-1) > _MIN_CHANGE
  top = (width - height) // 2
  reference, test, mask = (
    picture[top : top + height]
    for picture in (
      _grain(noise_keys[0], reference, first.noise),
      _grain(noise_keys[1], test, second.noise),
      mask.astype(jnp.float32),
    )
  )
  return Pair(reference=reference, test=test, mask=mask)


def _see(scene: Scene, take: _Take) -> Array:
  """A take without noise, ``[width, width, 3]``."""
  light = shading.shade(scene, take.lamp, casts_shadows=jnp.ones(()))
  light = nuisances.gaussian_blur(light, jnp.float32(_LENS_PX))
  side = light.shape[0] - 2 * MARGIN_PX
  across = jnp.arange(side) - (side - 1) / 2
  turn = jnp.deg2rad(take.turn_deg)
  y, x = jnp.meshgrid(across, across, indexing='ij')
  offsets = jnp.stack([turn * x, -turn * y], axis=-1)
  moved = nuisances.move(
    light, offsets + jnp.asarray(take.shift_px), margin=MARGIN_PX
  )
  exposed = jnp.clip(moved * jnp.asarray(take.gains), 1e-4, 1.0)
  return exposed**_TONE


def _grain(key: Array, image: Array, noise: float) -> Array:
  """The picture with a sensor's noise, which grows with the light."""
  std = noise * (0.3 + 0.7 * jnp.sqrt(image))
  noisy = image + std * jax.random.normal(key, image.shape)
  return jnp.clip(noisy, 0.0, 1.0)
