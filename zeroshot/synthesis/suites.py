"""Drawn pairs to measure with: two takes that differ in one way, or in none.

  draw = suites.build('easier', size_px=256)
  pair = draw(keys, suites.SUITES['easier'].index('faint'))

All numbers stand here and none in a config: a benchmark stays the same when
training changes. Only what is drawn is shown, no photograph.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from zeroshot.synthesis import (
  changes,
  fills,
  marks,
  mixture,
  pairs,
  parts,
  regions,
  relief,
  takes,
)
from zeroshot.synthesis.parts import Parts, Scene
from zeroshot.types import Array, Pair

VERSION = 1  # of what is drawn; figures of two versions do not compare
# What differs, by how hard the nuisances are.
SUITES = {
  'easier': ('good', 'relief', 'colour', 'faint', 'thin', 'moved'),
  'harder': ('good', 'relief'),
}
# Least change of a channel that is labelled, beside three deviations of noise.
_MIN_CHANGE = {'faint': 0.015, 'thin': 0.03}
_ELSE_MIN_CHANGE = 0.05
_MARGIN_PX = 8

_BACKGROUNDS = {
  'photographs': 0.0,
  'fractal_noise': 1.0,
  'dead_leaves': 1.0,
  'soft': 1.0,
  'thresholded': 1.0,
  'strokes': 2.0,
  'polygons': 1.0,
}

_RELIEF: dict[str, dict[str, Any]] = {
  'easier': dict(
    parts_share=0.85,
    altered_part_share=0.4,
    raised_share=0.6,
    max_height_px=7.0,
    max_gloss=0.8,
    bump=dict(probability=0.4, max_px=3.0),
    faint=dict(probability=0.2, least=0.4),
    colour_alone_share=0.05,
    min_noise_stds=3.0,
    cast_shadow_share=0.6,
    lamp=dict(probability=0.8, max_change=0.2),
    lights=dict(probability=0.0, max_log2=0.0, max_px=1.0),
    parallax=dict(probability=0.5, max_px=0.08),
    texture=dict(probability=0.3, max_change=0.05),
    dust=dict(probability=0.3, max_px=1.5),
    shift=dict(probability=0.9, max_px=3.0),
    rotation=dict(probability=0.5, max_deg=0.5),
    scale=dict(probability=0.3, max_change=0.004),
    warp=dict(probability=0.4, max_px=0.6, cell_px=64.0),
    camera=dict(
      white_balance=dict(probability=0.5, max_log2=0.12),
      exposure=dict(probability=0.6, max_log2=0.4),
      curve=dict(probability=0.3, max_log2=0.2),
      gradient=dict(probability=0.5, max_change=0.15),
      shadow=dict(probability=0.1, max_change=0.3),
      glare=dict(probability=0.05, max_change=0.4),
      defocus=dict(probability=0.4, max_sigma_px=0.7),
      depth_of_field=dict(probability=0.0, max_sigma_px=0.0),
      noise=dict(probability=0.9, max_std=0.03),
      chroma=dict(probability=0.3),
      blocking=dict(probability=0.3, max_step=0.04),
    ),
  ),
  'harder': dict(
    parts_share=0.85,
    altered_part_share=0.4,
    raised_share=0.8,
    max_height_px=11.0,
    max_gloss=1.3,
    bump=dict(probability=0.4, max_px=4.0),
    faint=dict(probability=0.5, least=0.15),
    colour_alone_share=0.15,
    min_noise_stds=3.0,
    cast_shadow_share=0.8,
    lamp=dict(probability=0.9, max_change=0.45),
    lights=dict(probability=0.0, max_log2=0.0, max_px=1.0),
    parallax=dict(probability=0.7, max_px=0.22),
    texture=dict(probability=0.5, max_change=0.12),
    dust=dict(probability=0.6, max_px=2.5),
    shift=dict(probability=0.9, max_px=4.0),
    rotation=dict(probability=0.6, max_deg=1.0),
    scale=dict(probability=0.4, max_change=0.01),
    warp=dict(probability=0.6, max_px=1.5, cell_px=48.0),
    camera=dict(
      white_balance=dict(probability=0.6, max_log2=0.3),
      exposure=dict(probability=0.7, max_log2=1.2),
      curve=dict(probability=0.5, max_log2=0.4),
      gradient=dict(probability=0.6, max_change=0.3),
      shadow=dict(probability=0.3, max_change=0.6),
      glare=dict(probability=0.2, max_change=0.8),
      defocus=dict(probability=0.5, max_sigma_px=1.8),
      depth_of_field=dict(probability=0.2, max_sigma_px=3.0),
      noise=dict(probability=0.8, max_std=0.05),
      chroma=dict(probability=0.4),
      blocking=dict(probability=0.4, max_step=0.1),
    ),
  ),
}
# Of the anomalies of relief pairs.
_REGIONS_PX = {'easier': (8.0, 56.0), 'harder': (3.5, 56.0)}

_Change = Callable[[Array, Scene, Parts, Array], tuple[Scene, Parts]]


def build(level: str, *, size_px: int) -> Callable[[Array, Array | int], Pair]:
  """Builds what draws the suites of a level.

  Args:
    level: of the nuisances, a name of ``SUITES``.
    size_px: side of the pictures, a multiple of 8, 128 at least: parts and
      marks are up to 72 px long.

  Returns:
    A pure function ``(keys [B], number of a suite of the level) -> Pair`` of
    ``[B, S, S, 3]`` pictures and ``[B, S, S]`` masks. The mask of a defect
    may be empty, where nothing can be seen of it.

  Raises:
    ValueError: there is no such level, or the size cannot be drawn.
  """
  if level not in SUITES:
    raise ValueError(f'level is {level!r}; give one of {sorted(SUITES)}')
  if size_px % 8 or size_px < 128:
    raise ValueError(
      f'size_px is {size_px}; give a multiple of 8, 128 at the least'
    )
  return mixture.for_each(
    functools.partial(_draw_pair, level=level, size_px=size_px)
  )


def _draw_pair(
  key: Array, number: Array | int, *, level: str, size_px: int
) -> Pair:
  """One pair of a suite."""
  settings, size = _RELIEF[level], size_px + 2 * _MARGIN_PX
  scene_key, defect_key, swap_key, take_key = jax.random.split(key, 4)
  good, table, other = relief.draw_scene(
    scene_key,
    pairs.background_drawer(_BACKGROUNDS, None, size=size),
    settings,
  )
  suites = _suites(level, size)
  bad, altered = jax.lax.switch(
    number,
    [suites[name] for name in SUITES[level]],
    defect_key,
    good,
    table,
    other,
  )
  before, after = relief.in_order(swap_key, (good, table), (bad, altered))
  least = jnp.array(
    [_MIN_CHANGE.get(name, _ELSE_MIN_CHANGE) for name in SUITES[level]]
  )
  return takes.take(
    take_key,
    before,
    after,
    margin_px=_MARGIN_PX,
    settings={**settings, 'min_change': least[number]},
    nuisance=settings,
  )


def _suites(level: str, size: int) -> dict[str, _Change]:
  """What each suite makes of a scene, its parts and another background."""

  def keep(
    key: Array, scene: Scene, table: Parts, other: Array
  ) -> tuple[Scene, Parts]:
    del key, other
    return scene, table

  def move(
    key: Array, scene: Scene, table: Parts, other: Array
  ) -> tuple[Scene, Parts]:
    del other
    return scene, parts.alter(key, table, change=parts.MOVED)

  def paint(mark: Callable[[Array, Array], Array]) -> _Change:
    def painted(
      key: Array, scene: Scene, table: Parts, other: Array
    ) -> tuple[Scene, Parts]:
      del other
      # On the parts too, which are painted on before the mark.
      scene = parts.place(table, scene)
      albedo = mark(key, scene.albedo)
      nothing = table._replace(is_there=jnp.zeros_like(table.is_there))
      return scene._replace(albedo=albedo), nothing

    return painted

  return {
    'good': keep,
    'relief': functools.partial(
      relief.add_defect,
      make_changes=_build_changes(level, size),
      settings=_RELIEF[level],
    ),
    'colour': paint(marks.colour),
    'faint': paint(marks.faint),
    'thin': paint(marks.thin),
    'moved': move,
  }


def _build_changes(
  level: str, size: int
) -> Callable[[Array, Array, Array], Array]:
  """The anomalies of relief pairs."""
  low, high = _REGIONS_PX[level]
  kinds = (
    regions.polygons,
    regions.blobs,
    regions.scratches,
    regions.specks,
  )
  contents = (fills.background, fills.constant, fills.recoloured)
  return functools.partial(
    changes.change,
    region_kinds=(
      [
        functools.partial(kind, size=size, min_px=low, max_px=high)
        for kind in kinds
      ],
      [1.0] * len(kinds),
    ),
    fill_kinds=(list(contents), [1.0] * len(contents)),
    num_regions_min=1,
    num_regions_max=2,
    defect_free_share=0.0,
    blend_px=1.5,
  )
