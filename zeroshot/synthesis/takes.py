"""Two takes of two scenes, each with its own view, camera and dust.

  pair = takes.take(key, before, after, margin_px=8, ...)

The mask is where the scenes differ under one lamp and one exposure, by more
than the noise of both takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import camera, nuisances
from zeroshot.synthesis.capture import displacement
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.synthesis.shading import Lamp, glow, shade
from zeroshot.types import Array, Pair


class _View(NamedTuple):
  """What differs between two takes before the camera."""

  lamp: Lamp
  texture: Array


def _views(
  key: Array, *, size: int, settings: Mapping[str, Any]
) -> tuple[_View, _View, Array]:
  """Two views, and whether parts cast shadows.

  At a probability of 0 both have one lamp, its ambient light included.
  """
  keys = jax.random.split(key, 8)
  tilt = jax.random.uniform(keys[0], (2,), minval=-0.9, maxval=0.9)
  lamp = settings['lamp']
  is_off = nuisances.is_off(lamp)
  reach = 0.0 if is_off else lamp['max_change'] * jax.random.uniform(keys[1])
  away = reach * jax.random.normal(keys[2], (2, 2))
  away = away * jax.random.bernoulli(keys[3], lamp['probability'])
  ambient = jax.random.uniform(keys[4], minval=0.2, maxval=0.8)
  ambient = jnp.clip(
    ambient + 0.3 * reach * jax.random.uniform(keys[5], (2,), minval=-1.0),
    0.1,
    0.9,
  )
  softness = 4.0 ** jax.random.uniform(keys[6], (2,))
  softness = softness[:1].repeat(2) if is_off else softness
  grains = textures(keys[7], size=size, **settings['texture'])
  first, second = (
    _View(
      Lamp(
        jnp.concatenate([tilt + away[n], jnp.ones(1)]), ambient[n], softness[n]
      ),
      grains[n],
    )
    for n in (0, 1)
  )
  casts = jax.random.bernoulli(
    jax.random.fold_in(key, 1), settings['cast_shadow_share']
  )
  return first, second, casts.astype(jnp.float32)


def textures(
  key: Array, *, size: int, probability: float, max_change: float
) -> Array:
  """Two samples of one grain or brushed grain.

  Args:
    key: key.
    size: side S.
    probability: of any grain.
    max_change: largest deviation, as a share of the paint.

  Returns:
    ``[2, S, S]``, about 0.
  """
  keys = jax.random.split(key, 5)
  cell = 3.0 ** jax.random.uniform(keys[0])
  brushed = jax.random.bernoulli(keys[1])
  grains = jax.random.normal(keys[2], (2, size, size))
  grains = nuisances.gaussian_blur(jnp.moveaxis(grains, 0, -1), 0.5 * cell)
  streaks = jax.random.normal(keys[3], (2, size, 1))
  streaks = jnp.broadcast_to(streaks, (2, size, size))
  grain = jnp.where(brushed, streaks, cell * jnp.moveaxis(grains, -1, 0))
  strength = nuisances.amplitude(keys[4], probability, max_change)
  return strength * grain


def take(
  key: Array,
  before: Scene,
  after: Scene,
  *,
  margin_px: int,
  settings: Mapping[str, Any],
  nuisance: Mapping[str, Any],
) -> Pair:
  """Takes both pictures and labels the difference.

  Args:
    key: key.
    before: of the reference, side S.
    after: of the test picture, side S.
    margin_px: cropped from each edge.
    settings: ``config.synthesis.relief``.
    nuisance: settings of the displacement by name.

  Returns:
    Pair of float32 ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures in
    [0, 1], and a mask of 0 and 1.
  """
  keys = jax.random.split(key, 8)
  size = before.height.shape[0] - 2 * margin_px
  crop = slice(margin_px, margin_px + size)
  reference, test, still = _light(keys[0], before, after, settings)
  offsets = displacement(keys[1], size=size, nuisance=nuisance)
  height = before.height[crop, crop]
  offsets = offsets + _parallax(keys[2], height, settings['parallax'])
  reference = nuisances.move(reference, offsets, margin=margin_px)
  test, still = test[crop, crop], still[crop, crop]
  expose = settings['camera']
  noise = jax.vmap(lambda k: camera.noise_levels(k, expose))(
    jax.random.split(keys[3])
  )
  mask = differs(
    camera.expose(keys[4], still, expose),
    camera.expose(keys[4], test, expose),
    noise,
    settings,
  )
  pictures = [
    picture(jax.random.fold_in(keys[6], n), exposure_key, light, std, settings)
    for n, (light, exposure_key, std) in enumerate(
      ((reference, keys[5], noise[0]), (test, keys[4], noise[1]))
    )
  ]
  return Pair(reference=pictures[0], test=pictures[1], mask=mask)


def _light(
  key: Array, before: Scene, after: Scene, settings: Mapping[str, Any]
) -> tuple[Array, Array, Array]:
  """The scene before in one view, then the scenes after and before in another.

  All three are ``[S, S, 3]``.
  """
  first, second, casts = _views(
    key, size=before.height.shape[0], settings=settings
  )

  lights = glow(
    jax.random.fold_in(key, 2),
    size=before.height.shape[0],
    settings=settings['lights'],
  )

  def lit(scene: Scene, view: _View) -> Array:
    grain = 1 + view.texture[..., None]
    shaded = shade(
      scene._replace(albedo=jnp.clip(scene.albedo * grain, 0.0, 1.0)),
      view.lamp,
      casts_shadows=casts,
    )
    return shaded + lights

  reference, test, still = finish(
    (lit(before, first), lit(after, second), lit(before, second))
  )
  return reference, test, still


def _parallax(
  key: Array, height: Array, settings: Mapping[str, float]
) -> Array:
  """How far higher things move where the camera has, ``[S, S, 2]`` px."""
  tilt = jnp.stack(
    [
      nuisances.amplitude(k, settings['probability'], settings['max_px'])
      for k in jax.random.split(key)
    ]
  )
  return (height - jnp.mean(height))[..., None] * tilt


def picture(
  key: Array,
  exposure_key: Array,
  light: Array,
  noise: Array,
  settings: Mapping[str, Any],
) -> Array:
  """One take of light that falls on dust and then into a camera.

  Args:
    key: key.
    exposure_key: of ``camera.expose``.
    light: ``[S, S, 3]``, not clipped.
    noise: ``[2]``, see ``camera.noise_levels``.
    settings: ``config.synthesis.relief``, or ``relit``.

  Returns:
    Image ``[S, S, 3]`` in [0, 1].
  """
  light_key, dust_key, record_key = jax.random.split(key, 3)
  light = camera.dust(dust_key, light, settings['dust'])
  light = camera.illuminate(light_key, light, settings['camera'])
  exposed = camera.expose(exposure_key, light, settings['camera'])
  return camera.record(record_key, exposed, noise, settings['camera'])


def differs(
  before: Array, after: Array, noise: Array, settings: Mapping[str, Any]
) -> Array:
  """Where one light and one exposure show a difference above the noise.

  Single pixels are noise to any observer: the difference is averaged over 3x3
  before it is compared, and the pixels around are not marked.

  Args:
    before: ``[S, S, 3]``.
    after: ``[S, S, 3]``.
    noise: ``[2, 2]``, of both takes, see ``camera.noise_levels``.
    settings: ``min_change`` and ``min_noise_stds``.

  Returns:
    ``[S, S]`` of 0 and 1.
  """
  change = jnp.abs(after - before)
  size = change.shape[0]
  padded = jnp.pad(change, ((1, 1), (1, 1), (0, 0)), mode='edge')
  mean = (
    sum(
      padded[dy : dy + size, dx : dx + size]
      for dy in range(3)
      for dx in range(3)
    )
    / 9
  )
  std = jnp.sqrt(jnp.sum(jnp.square(noise[:, 0] + noise[:, 1])))
  least = settings['min_change'] + settings['min_noise_stds'] * std
  seen = (jnp.max(mean, -1) > least) | (jnp.max(change, -1) > 3 * least)
  return (seen & (jnp.max(change, -1) > 0.5 * least)).astype(jnp.float32)
