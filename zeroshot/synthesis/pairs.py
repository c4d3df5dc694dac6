"""The door of synthesis: keys -> Pair, inside the compiled training step.

  synthesise = pairs.build_synthesis(config.synthesis)
  pair = synthesise(keys, bank)    # keys [B]; bank uint8 [N, S, S, 3] or None

One example: a scene is drawn; regions of a copy are filled with something
else; where the copy really changed is the mask. Then everything happens to
the two that is no defect. Which of the two is the changed one is tossed, so
that what appears and what vanishes are learned alike. Only the reference is
moved: the mask keeps the grid of the test picture, and only the movement
between the two matters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot.synthesis import backgrounds, fills, mixture, nuisances, regions
from zeroshot.types import Array, Pair

# Left alone, XLA on CPUs recomputes a stage inside each of its consumers, for
# three times the time of the whole; between stages this keeps it from that.
_finish = jax.lax.optimization_barrier

Kinds = tuple[list[Callable[..., Array]], list[float]]


def build_synthesis(
  config: ml_collections.ConfigDict,
) -> Callable[[Array, Array | None], Pair]:
  """Builds the synthesis of a batch; the only place that opens the config.

  Args:
    config: ``config.synthesis``.

  Returns:
    A pure function ``(keys [B], bank) -> Pair`` of ``[B, S, S, 3]`` pictures
    and ``[B, S, S]`` masks. ``bank`` is uint8 ``[N, S', S', 3]``, or None
    where photographs have no weight.

  Raises:
    ValueError: if a size, a weight or a probability makes no sense.
  """
  _check(config)
  size = config.size_px + 2 * config.margin_px
  region_kinds = {
    name: functools.partial(
      getattr(regions, name),
      size=size,
      min_px=config.regions.size_px[0],
      max_px=config.regions.size_px[1],
    )
    for name in ('polygons', 'blobs', 'scratches', 'specks')
  }
  fill_kinds = {
    'background': fills.background,
    'constant': fills.constant,
    'inverted': fills.inverted,
    'recoloured': fills.recoloured,
  }
  make_pair = functools.partial(
    synthesise_pair,
    size_px=config.size_px,
    margin_px=config.margin_px,
    background_weights=config.backgrounds.to_dict(),
    region_kinds=mixture.select(
      'synthesis.regions', region_kinds, _weights(config.regions, region_kinds)
    ),
    fill_kinds=mixture.select(
      'synthesis.fills', fill_kinds, _weights(config.fills, fill_kinds)
    ),
    num_regions_min=config.regions.num_min,
    num_regions_max=config.regions.num_max,
    defect_free_share=config.defect_free_share,
    blend_px=config.fills.blend_px,
    min_change=config.fills.min_change,
    nuisance=config.nuisances.to_dict(),
  )
  return jax.vmap(make_pair, in_axes=(0, None))


def synthesise_pair(
  key: Array,
  bank: Array | None,
  *,
  size_px: int,
  margin_px: int,
  background_weights: Mapping[str, float],
  region_kinds: Kinds,
  fill_kinds: Kinds,
  num_regions_min: int,
  num_regions_max: int,
  defect_free_share: float,
  blend_px: float,
  min_change: float,
  nuisance: Mapping[str, Any],
) -> Pair:
  """One pair.

  Args:
    key: key.
    bank: uint8 ``[N, S, S, 3]`` or None.
    size_px: side of the pictures.
    margin_px: drawn beyond each edge, so that moves bring in content.
    background_weights: weight of each kind of background.
    region_kinds: kinds of region and their weights.
    fill_kinds: kinds of fill and their weights.
    num_regions_min: least regions of a pair that has any.
    num_regions_max: most regions of a pair.
    defect_free_share: share of pairs without a region.
    blend_px: widest soft edge of a region.
    min_change: least change of a channel that is labelled.
    nuisance: settings of each nuisance by name.

  Returns:
    Pair of ``[size_px, size_px, 3]`` pictures and a ``[size_px, size_px]``
    mask.
  """
  keys = jax.random.split(key, 5)
  size = size_px + 2 * margin_px
  draw_background = background_drawer(background_weights, bank, size=size)
  # Two at once: half the program to compile.
  scene, other = _finish(jax.vmap(draw_background)(keys[:2]))
  changed = _finish(
    change(
      keys[2],
      scene,
      other,
      region_kinds=region_kinds,
      fill_kinds=fill_kinds,
      num_regions_min=num_regions_min,
      num_regions_max=num_regions_max,
      defect_free_share=defect_free_share,
      blend_px=blend_px,
    )
  )
  swap = jax.random.bernoulli(keys[3])
  return photograph(
    keys[4],
    jnp.where(swap, changed, scene),
    jnp.where(swap, scene, changed),
    margin_px=margin_px,
    min_change=min_change,
    nuisance=nuisance,
  )


def background_drawer(
  weights: Mapping[str, float], bank: Array | None, *, size: int
) -> Callable[[Array], Array]:
  """The mixture of backgrounds.

  Args:
    weights: weight of each kind by name.
    bank: uint8 ``[N, S, S, 3]``; needed where ``photographs`` has weight.
    size: side in pixels.

  Returns:
    A function ``key -> image [size, size, 3]``.

  Raises:
    ValueError: if photographs have weight and there is no bank.
  """
  if weights['photographs'] > 0 and bank is None:
    raise ValueError(
      'synthesis.backgrounds.photographs has weight but there is no bank; '
      'pack one with data_tools.pack_backgrounds and set synthesis.bank'
    )

  def photographs(key: Array) -> Array:
    assert bank is not None
    return backgrounds.photographs(key, bank, size=size)

  kinds: dict[str, Callable[[Array], Array]] = {
    'photographs': photographs,
    'fractal_noise': functools.partial(backgrounds.fractal_noise, size=size),
    'dead_leaves': functools.partial(backgrounds.dead_leaves, size=size),
    'soft': functools.partial(backgrounds.soft, size=size),
    'thresholded': functools.partial(backgrounds.thresholded, size=size),
    'strokes': functools.partial(backgrounds.strokes, size=size),
    'polygons': functools.partial(backgrounds.polygons, size=size),
  }
  chosen, positive = mixture.select('synthesis.backgrounds', kinds, weights)
  return lambda key: mixture.draw(key, chosen, positive)


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


def photograph(
  key: Array,
  reference: Array,
  test: Array,
  *,
  margin_px: int,
  min_change: float,
  nuisance: Mapping[str, Any],
) -> Pair:
  """Takes both pictures, each with its own nuisances; labels the difference.

  Args:
    key: key.
    reference: scene of the reference, ``[S, S, 3]``.
    test: scene of the test picture, ``[S, S, 3]``.
    margin_px: cropped from each edge.
    min_change: least change of a channel that is labelled.
    nuisance: settings of each nuisance by name.

  Returns:
    Pair of ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures.
  """
  keys = jax.random.split(key, 4)
  size = reference.shape[0] - 2 * margin_px
  offsets = nuisances.displacement(
    keys[0],
    size=size,
    **{name: nuisance[name] for name in ('shift', 'rotation', 'scale', 'warp')},
  )
  crop = slice(margin_px, margin_px + size)
  still, test = reference[crop, crop], test[crop, crop]
  moved = nuisances.move(reference, offsets, margin=margin_px)
  moved, test, mask = _finish(
    _binarise_or_not(
      keys[1], still, moved, test, min_change, **nuisance['binarisation']
    )
  )

  def develop(side_key: Array, image: Array) -> Array:
    light_key, sense_key = jax.random.split(side_key)
    light = ('brightness', 'contrast', 'gamma', 'spot_light')
    image = nuisances.relight(
      light_key, image, **{name: nuisance[name] for name in light}
    )
    return nuisances.sense(
      sense_key,
      image,
      **{name: nuisance[name] for name in ('blur', 'noise', 'blocking')},
    )

  moved, test = jax.vmap(develop)(keys[2:], jnp.stack([moved, test]))
  return Pair(reference=moved, test=test, mask=mask)


def _binarise_or_not(
  key: Array,
  still: Array,
  moved: Array,
  test: Array,
  min_change: float,
  *,
  probability: float,
  max_ragged_px: float,
) -> tuple[Array, Array, Array]:
  """Both pictures black and white or neither, and the mask that follows.

  A change that the cut into black and white swallows is not a difference, so
  the mask compares the unmoved pictures as they look after it, unfrayed.
  """
  keys = jax.random.split(key, 5)
  size = test.shape[0]
  is_cut = jax.random.bernoulli(keys[0], probability)
  level = jax.random.uniform(keys[1], minval=-0.3, maxval=0.3)
  blur_px = jax.random.uniform(keys[2], minval=0.5, maxval=1.5)
  cut = functools.partial(nuisances.binarise, level=level, blur_px=blur_px)
  smooth = jnp.zeros((size, size))

  def differs(first: Array, second: Array) -> Array:
    return jnp.max(jnp.abs(first - second), axis=-1)

  difference = jnp.where(
    is_cut,
    differs(cut(still, smooth)[..., :1], cut(test, smooth)[..., :1]),
    differs(still, test),
  )
  mask = (difference > min_change).astype(jnp.float32)
  fray = functools.partial(
    nuisances.ragged_field, size=size, max_px=max_ragged_px
  )
  moved = jnp.where(is_cut, cut(moved, fray(keys[3])), moved)
  test = jnp.where(is_cut, cut(test, fray(keys[4])), test)
  return moved, test, mask


def _weights(
  config: ml_collections.ConfigDict, kinds: Mapping[str, Any]
) -> dict[str, float]:
  """The weights among a family's fields."""
  return {name: config[name] for name in kinds}


def _check(config: ml_collections.ConfigDict) -> None:
  """Raises ValueError for settings that make no sense, by name."""
  if config.size_px % 8:
    raise ValueError(
      f'synthesis.size_px is {config.size_px}; it must be a multiple of 8'
    )
  smallest, largest = config.regions.size_px
  if not 0 < smallest <= largest:
    raise ValueError(
      f'synthesis.regions.size_px is {config.regions.size_px}; give '
      '(smallest, largest) with 0 < smallest <= largest'
    )
  fewest, most = config.regions.num_min, config.regions.num_max
  if not 1 <= fewest <= most:
    raise ValueError(
      f'synthesis.regions.num_min is {fewest} and num_max {most}; give '
      '1 <= num_min <= num_max'
    )
  shares = {
    f'nuisances.{name}.probability': settings.probability
    for name, settings in config.nuisances.items()
  }
  shares['defect_free_share'] = config.defect_free_share
  for name, share in shares.items():
    if not 0 <= share <= 1:
      raise ValueError(f'synthesis.{name} is {share}; it must be in [0, 1]')
