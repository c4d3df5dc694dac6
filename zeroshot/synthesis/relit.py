"""Photographs as things with depth, relit: two takes under lamps far apart.

  pair = relit.pair(key, draw_background=draw, make_changes=change, ...)

A scene is a ground and something that stands on it, each with a photograph as
its paint. Their height is smooth hills, and the photograph's own brightness
between two scales: so real texture meets real slopes. A defect changes the
scene as in ``relief``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from zeroshot.synthesis import (
  backgrounds,
  camera,
  fields,
  mixture,
  nuisances,
  parts,
  relief,
  relit_takes,
)
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array, Pair


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
    settings: ``config.synthesis.relit``.
    nuisance: settings of the displacement by name.

  Returns:
    Pair of ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures.
  """
  scene_key, parts_key, defect_key, swap_key, take_key = jax.random.split(
    key, 5
  )
  good, other = finish(draw_scene(scene_key, draw_background, settings))
  table = parts.draw(
    parts_key,
    size=good.height.shape[0],
    share=settings['parts_share'],
    max_height_px=settings['max_height_px'],
  )
  bad, altered = relief.add_defect(
    defect_key, good, table, other, make_changes, settings
  )
  before, after = relief.in_order(swap_key, (good, table), (bad, altered))
  return relit_takes.take(
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
) -> tuple[Scene, Array]:
  """Draws what is photographed.

  Args:
    key: key.
    draw_background: ``key -> image [S, S, 3]``.
    settings: ``config.synthesis.relit``.

  Returns:
    A surface without parts, and another background ``[S, S, 3]``.
  """
  keys = jax.random.split(key, 9)
  ground, thing, other = finish(
    mixture.for_each(draw_background)(jax.random.split(keys[0], 3))
  )
  size = ground.shape[0]
  plain = backgrounds.colour(keys[1]) * jnp.ones_like(ground)
  paint = nuisances.maybe(keys[2], settings['plain_share'], plain, ground)
  # What stands there: of paint of its own, or of one piece with the ground.
  own = jax.random.bernoulli(keys[3], 0.7)
  inside = silhouette(keys[4], size=size)
  inside = jnp.where(
    jax.random.bernoulli(keys[5], settings['thing_share']), inside, -size
  )
  inside = finish(inside)
  cover = jnp.clip(inside + 0.5, 0.0, 1.0)
  albedo = jnp.where(own, paint + cover[..., None] * (thing - paint), paint)
  albedo = albedo * jax.random.uniform(keys[6], minval=0.5, maxval=1.0)
  albedo = finish(albedo)
  height = _height(keys[7], albedo, inside, settings)
  gloss_key, power_key = jax.random.split(keys[8])
  glossy = settings['max_gloss'] * jax.random.uniform(gloss_key, (2,)) ** 3
  power = 2.0 ** jax.random.uniform(power_key, minval=1.5, maxval=6.5)
  gloss = glossy[0] + cover * (glossy[1] - glossy[0])
  return Scene(albedo, height, gloss, power), other


def silhouette(key: Array, *, size: int) -> Array:
  """How far each pixel lies inside of something with a winding outline.

  Args:
    key: key.
    size: side S.

  Returns:
    ``[S, S]``, pixels, about right near the outline; negative outside.
  """
  keys = jax.random.split(key, 4)
  field = fields.noise(keys[0], size=size, cell_px=56.0)
  rough = 0.25 * jax.random.uniform(keys[1]) ** 2
  field = field + rough * fields.noise(keys[2], size=size, cell_px=8.0)
  level = jax.random.uniform(keys[3], minval=-0.1, maxval=0.7)
  steep = jnp.hypot(*jnp.gradient(field))
  return (field - level) / jnp.maximum(steep, 0.02)


def _height(
  key: Array, albedo: Array, inside: Array, settings: Mapping[str, Any]
) -> Array:
  """Hills, what stands on them, and the relief of the paint, ``[S, S]``."""
  keys = jax.random.split(key, 8)
  size = inside.shape[0]
  most = settings['max_height_px']
  wide_hills, small_hills = (
    most
    * nuisances.amplitude(k, share, reach)
    * fields.noise(noise_key, size=size, cell_px=cell_px)
    for k, noise_key, share, reach, cell_px in (
      (keys[0], keys[1], 0.5, 0.7, 64.0),
      (keys[2], keys[3], 0.25, 0.12, 20.0),
    )
  )
  hills = finish(wide_hills + small_hills)
  rise = most * jax.random.uniform(keys[4], minval=0.1)
  edge_px = 40.0 ** jax.random.uniform(keys[5])
  depth = jnp.clip(inside / edge_px, 0.0, 1.0)
  hills = hills + rise * jnp.sqrt(depth * (2.0 - depth) + 1e-4)
  bright = camera.luma(albedo)
  fine = finish(nuisances.gaussian_blur(bright, jnp.full((), 0.8)))
  wide = nuisances.gaussian_blur(
    finish(nuisances.gaussian_blur(fine, jnp.full((), 3.0))),
    jnp.full((), 3.0),
  )
  carved = settings['max_carving_px'] * jax.random.uniform(keys[6], minval=-1.0)
  return hills + carved * (fine - wide)[..., 0]
