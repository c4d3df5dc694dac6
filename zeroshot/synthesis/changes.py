"""A copy of a scene in which regions are filled with something else.

changed = change(key, scene, other, region_kinds=..., fill_kinds=..., ...)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.synthesis import mixture, nuisances
from zeroshot.synthesis.mixture import Kinds
from zeroshot.types import Array


def change(
  key: Array,
  scene: Array,
  other: Array,
  *,
  region_kinds: Kinds,
  fill_kinds: Kinds,
  num_regions_min: int,
  num_regions_max: int,
  defect_free_share: float,
  blend_px: float,
) -> Array:
  """A copy of the scene with regions filled by something else.

  Args:
    key: key.
    scene: image ``[S, S, 3]``.
    other: image ``[S, S, 3]`` of another background.
    region_kinds: kinds of region and their weights.
    fill_kinds: kinds of fill and their weights.
    num_regions_min: least regions, where there are any.
    num_regions_max: most regions.
    defect_free_share: probability of no region at all.
    blend_px: widest soft edge.

  Returns:
    Image ``[S, S, 3]``.
  """
  free_key, count_key, regions_key = jax.random.split(key, 3)
  count = jax.random.randint(
    count_key, (), num_regions_min, num_regions_max + 1
  )
  count = jnp.where(jax.random.bernoulli(free_key, defect_free_share), 0, count)

  def fill_one(image: Array, step: tuple[Array, Array]) -> tuple[Array, None]:
    index, region_key = step
    cover_key, blend_key, fill_key = jax.random.split(region_key, 3)
    cover = mixture.draw(cover_key, *region_kinds)[..., None]
    soft = nuisances.gaussian_blur(
      cover, blend_px * jax.random.uniform(blend_key)
    )
    fill = mixture.draw(fill_key, *fill_kinds, scene, other)
    mixed = image + soft * (fill - image)
    return jnp.where(index < count, mixed, image), None

  keys = jax.random.split(regions_key, num_regions_max)
  steps = (jnp.arange(num_regions_max), keys)
  return jax.lax.scan(fill_one, scene, steps)[0]
