"""Two takes of a scene with depth and gloss, one of them with a defect.

  pair = relief.pair(key, draw_background=draw, make_changes=change, ...)

A scene is albedo, height and gloss from the drawn backgrounds, with parts on
it. A defect changes the scene: its paint, its height, a part. The takes are
those of ``takes``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from zeroshot.synthesis import camera, mixture, nuisances, parts, takes
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array, Pair

Tree = TypeVar('Tree')


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
  good, table, other = draw_scene(scene_key, draw_background, settings)
  bad, altered = add_defect(
    defect_key, good, table, other, make_changes, settings
  )
  before, after = in_order(swap_key, (good, table), (bad, altered))
  return takes.take(
    take_key,
    before,
    after,
    margin_px=margin_px,
    settings=settings,
    nuisance=nuisance,
  )


def draw_scene(
  key: Array,
  draw_background: Callable[[Array], Array],
  settings: Mapping[str, Any],
) -> tuple[Scene, parts.Parts, Array]:
  """Draws what is photographed.

  Args:
    key: key.
    draw_background: ``key -> image [S, S, 3]``.
    settings: ``config.synthesis.relief``.

  Returns:
    A surface without parts, the parts, and another background ``[S, S, 3]``.
  """
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


def add_defect(
  key: Array,
  scene: Scene,
  table: parts.Parts,
  other: Array,
  make_changes: Callable[[Array, Array, Array], Array],
  settings: Mapping[str, Any],
) -> tuple[Scene, parts.Parts]:
  """Changes a scene: its paint, its height, its gloss or one of its parts.

  Args:
    key: key.
    scene: the surface without parts.
    table: the parts.
    other: another background ``[S, S, 3]``.
    make_changes: see ``pairs.synthesise_pair``.
    settings: ``config.synthesis.relief``.

  Returns:
    The surface and the parts of the same shapes.
  """
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
  bad = _choose(paint_too, painted, scene)
  return bad, _choose(alter_part, parts.alter(keys[6], table), table)


def in_order(
  key: Array,
  good: tuple[Scene, parts.Parts],
  bad: tuple[Scene, parts.Parts],
) -> tuple[Scene, Scene]:
  """Places the parts; in half of the pairs the bad scene is the reference.

  Args:
    key: key.
    good: a surface, and its parts.
    bad: of the same shapes.

  Returns:
    The scenes of the reference and of the test picture.
  """
  with_parts = [parts.place(table, scene) for scene, table in (good, bad)]
  placed_good, placed_bad = finish(tuple(with_parts))
  swap = jax.random.bernoulli(key)
  return (
    _choose(swap, placed_bad, placed_good),
    _choose(swap, placed_good, placed_bad),
  )


def _choose(condition: Array, first: Tree, second: Tree) -> Tree:
  """The first of two trees of arrays where a scalar is true, or the other."""
  return jax.tree.map(lambda a, b: jnp.where(condition, a, b), first, second)


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
  colour_alone = change - camera.luma(change)
  change = nuisances.maybe(
    keys[2], settings['colour_alone_share'], colour_alone, change
  )
  return jnp.clip(albedo + change, 0.0, 1.0)
