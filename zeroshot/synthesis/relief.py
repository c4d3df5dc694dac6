"""Two takes of a scene with depth and gloss, one of them with a defect.

  pair = relief.pair(key, draw_background, make_changes, size_px=128, ...)

A scene is albedo, height and gloss from the drawn backgrounds, with parts on
it. A defect changes the scene: its paint, its height, a part. Each take has a
lamp, a camera and a viewpoint of its own. The mask is where the scenes differ
under one lamp and one exposure, by more than the noise of both takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zeroshot.synthesis import camera, mixture, nuisances, parts
from zeroshot.synthesis.capture import displacement
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.synthesis.shading import Lamp, shade
from zeroshot.types import Array, Pair

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def pair(
  key: Array,
  *,
  draw_background: Callable[[Array], Array],
  make_changes: Callable[[Array, Array, Array], Array],
  margin_px: int,
  settings: Mapping[str, Any],
  nuisance: Mapping[str, Any],
) -> Pair:
  """One pair of takes.

  Args:
    key: key.
    draw_background: ``key -> image [S, S, 3]``.
    make_changes: see ``pairs.synthesise_pair``.
    margin_px: cropped from each edge.
    settings: ``config.synthesis.relief``.
    nuisance: settings of the displacement by name.

  Returns:
    Pair of ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures.
  """
  scene_key, defect_key, swap_key, take_key = jax.random.split(key, 4)
  good, table, other = _scene(scene_key, draw_background, settings)
  bad, altered = _defect(defect_key, good, table, other, make_changes, settings)
  good, bad = finish((parts.place(table, good), parts.place(altered, bad)))
  swap = jax.random.bernoulli(swap_key)
  before, after = (
    jax.tree.map(lambda a, b: jnp.where(swap, a, b), *scenes)
    for scenes in ((bad, good), (good, bad))
  )
  return _takes(
    take_key,
    before,
    after,
    margin_px=margin_px,
    settings=settings,
    nuisance=nuisance,
  )


def _scene(
  key: Array,
  draw_background: Callable[[Array], Array],
  settings: Mapping[str, Any],
) -> tuple[Scene, parts.Parts, Array]:
  """A surface without parts, the parts, and another background."""
  keys = jax.random.split(key, 10)
  albedo, other, relief = finish(mixture.for_each(draw_background)(keys[:3]))
  size = albedo.shape[0]
  albedo = albedo * jax.random.uniform(keys[3], minval=0.4, maxval=1.0)
  most = settings['max_height_px']
  rise, own = (
    most * jax.random.uniform(k, minval=-1.0) ** 3
    for k in jax.random.split(keys[4])
  )
  height = rise * jnp.mean(relief, -1) + own * jnp.mean(albedo, -1)
  softness = jax.random.uniform(keys[5], minval=0.6, maxval=1.5)
  height = nuisances.gaussian_blur(height[..., None], softness)[..., 0]
  height = height * jax.random.bernoulli(keys[6], settings['raised_share'])
  glossy = settings['max_gloss'] * jax.random.uniform(keys[7], (2,)) ** 2
  is_high = relief[..., 1] > jax.random.uniform(keys[8])
  gloss = jnp.where(is_high, glossy[0], 0.3 * glossy[1])
  power_key, table_key = jax.random.split(keys[9])
  power = 2.0 ** jax.random.uniform(power_key, minval=1.5, maxval=6.5)
  table = parts.draw(
    table_key, size=size, share=settings['parts_share'], max_height_px=most
  )
  return Scene(albedo, height, gloss, power), table, other


def _defect(
  key: Array,
  scene: Scene,
  table: parts.Parts,
  other: Array,
  make_changes: Callable[[Array, Array, Array], Array],
  settings: Mapping[str, Any],
) -> tuple[Scene, parts.Parts]:
  """The scene with something on it or off it, and its parts."""
  keys = jax.random.split(key, 7)
  changed = make_changes(keys[0], scene.albedo, other)
  where = jnp.max(jnp.abs(changed - scene.albedo), axis=-1) > 0.02
  changed = _fade(keys[1], scene.albedo, changed, settings)
  soft = nuisances.gaussian_blur(where[..., None] * 1.0, jnp.ones(()))[..., 0]
  bump = nuisances.amplitude(
    keys[2], settings['bump']['probability'], settings['bump']['max_px']
  )
  shine = nuisances.amplitude(keys[3], settings['bump']['probability'], 1.0)
  alter_part = jax.random.bernoulli(keys[4], settings['altered_part_share'])
  paint_too = jax.random.bernoulli(keys[5], 0.5) | ~alter_part
  painted = Scene(
    changed,
    scene.height + bump * soft,
    jnp.where(where & (shine != 0), jnp.abs(shine), scene.gloss),
    scene.power,
  )
  bad = jax.tree.map(lambda a, b: jnp.where(paint_too, a, b), painted, scene)
  altered = parts.alter(keys[6], table)
  return bad, jax.tree.map(
    lambda a, b: jnp.where(alter_part, a, b), altered, table
  )


def _fade(
  key: Array, albedo: Array, changed: Array, settings: Mapping[str, Any]
) -> Array:
  """A change made faint, or one of colour alone."""
  keys = jax.random.split(key, 3)
  least = settings['faint']['least']
  strength = least ** jax.random.uniform(keys[0])
  strength = nuisances.maybe(
    keys[1], settings['faint']['probability'], strength, jnp.ones(())
  )
  change = strength * (changed - albedo)
  colour_alone = change - (change @ _LUMA)[..., None]
  change = nuisances.maybe(
    keys[2], settings['colour_alone_share'], colour_alone, change
  )
  return jnp.clip(albedo + change, 0.0, 1.0)


class _View(NamedTuple):
  """What differs between two takes before the camera."""

  lamp: Lamp
  texture: Array


def _views(
  key: Array, *, size: int, settings: Mapping[str, Any]
) -> tuple[_View, _View, Array]:
  """Two views, and whether parts cast shadows."""
  keys = jax.random.split(key, 8)
  tilt = jax.random.uniform(keys[0], (2,), minval=-0.9, maxval=0.9)
  lamp = settings['lamp']
  reach = lamp['max_change'] * jax.random.uniform(keys[1])
  away = reach * jax.random.normal(keys[2], (2, 2))
  away = away * jax.random.bernoulli(keys[3], lamp['probability'])
  ambient = jax.random.uniform(keys[4], minval=0.2, maxval=0.8)
  ambient = jnp.clip(
    ambient + 0.3 * reach * jax.random.uniform(keys[5], (2,), minval=-1.0),
    0.1,
    0.9,
  )
  softness = 4.0 ** jax.random.uniform(keys[6], (2,))
  textures = _textures(keys[7], size=size, **settings['texture'])
  first, second = (
    _View(
      Lamp(
        jnp.concatenate([tilt + away[n], jnp.ones(1)]), ambient[n], softness[n]
      ),
      textures[n],
    )
    for n in (0, 1)
  )
  casts = jax.random.bernoulli(
    jax.random.fold_in(key, 1), settings['cast_shadow_share']
  )
  return first, second, casts.astype(jnp.float32)


def _textures(
  key: Array, *, size: int, probability: float, max_change: float
) -> Array:
  """Two samples of one grain or brushed grain, ``[2, S, S]``, about 0."""
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


def _takes(
  key: Array,
  before: Scene,
  after: Scene,
  *,
  margin_px: int,
  settings: Mapping[str, Any],
  nuisance: Mapping[str, Any],
) -> Pair:
  """Takes both pictures and labels the difference."""
  keys = jax.random.split(key, 8)
  size = before.height.shape[0] - 2 * margin_px
  crop = slice(margin_px, margin_px + size)
  first, second, casts = _views(
    keys[0], size=size + 2 * margin_px, settings=settings
  )

  def lit(scene: Scene, view: _View) -> Array:
    grain = 1 + view.texture[..., None]
    return shade(
      scene._replace(albedo=jnp.clip(scene.albedo * grain, 0.0, 1.0)),
      view.lamp,
      casts_shadows=casts,
    )

  reference, test, still = finish(
    (lit(before, first), lit(after, second), lit(before, second))
  )
  offsets = displacement(keys[1], size=size, nuisance=nuisance)
  height = before.height[crop, crop]
  view = settings['parallax']
  tilt = jnp.stack(
    [
      nuisances.amplitude(k, view['probability'], view['max_px'])
      for k in jax.random.split(keys[2])
    ]
  )
  offsets = offsets + (height - jnp.mean(height))[..., None] * tilt
  reference = nuisances.move(reference, offsets, margin=margin_px)
  test, still = test[crop, crop], still[crop, crop]
  expose = settings['camera']
  noise = jax.vmap(lambda k: camera.noise_levels(k, expose))(
    jax.random.split(keys[3])
  )
  mask = _differs(
    camera.expose(keys[4], still, expose),
    camera.expose(keys[4], test, expose),
    noise,
    settings,
  )
  pictures = []
  for n, (picture, exposure_key) in enumerate(
    ((reference, keys[5]), (test, keys[4]))
  ):
    light_key, dust_key, record_key = jax.random.split(
      jax.random.fold_in(keys[6], n), 3
    )
    picture = camera.dust(dust_key, picture, settings['dust'])
    picture = camera.illuminate(light_key, picture, expose)
    picture = camera.expose(exposure_key, picture, expose)
    pictures.append(camera.record(record_key, picture, noise[n], expose))
  return Pair(reference=pictures[0], test=pictures[1], mask=mask)


def _differs(
  before: Array, after: Array, noise: Array, settings: Mapping[str, Any]
) -> Array:
  """Where one light and one exposure show a difference above the noise.

  Single pixels are noise to any observer: the difference is averaged over 3x3
  before it is compared, and the pixels around are not marked.
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
