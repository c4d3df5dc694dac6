"""Synthesises pairs from keys, inside the compiled training step.

  synthesise = pairs.build_synthesis(config.synthesis)
  pair = synthesise(keys, bank)    # keys [B]; bank uint8 [N, S, S, 3] or None

A scene is drawn, and regions of a copy are filled with other content; the mask
is where the copy really changed. Nuisances are then applied to both. Either may
become the test picture, so that appearing and vanishing things are learned
alike. Only the reference is moved: the mask keeps the grid of the test picture,
and only the movement between the two matters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot.synthesis import (
  backgrounds,
  checks,
  fills,
  mixture,
  photographs,
  regions,
  relief,
  relit,
)
from zeroshot.synthesis.capture import capture
from zeroshot.synthesis.changes import change
from zeroshot.synthesis.mixture import finish
from zeroshot.types import Array, Pair

Family = Callable[..., Pair]


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
  checks.check(config)
  families, own_backgrounds = _build_families(config)
  make_pair = functools.partial(
    synthesise_pair,
    size_px=config.size_px,
    margin_px=config.margin_px,
    background_weights=config.backgrounds.to_dict(),
    make_changes=build_changes(config),
    families=families,
    own_backgrounds=own_backgrounds,
  )
  return mixture.for_each(make_pair)


def synthesise_pair(
  key: Array,
  bank: Array | None,
  *,
  size_px: int,
  margin_px: int,
  background_weights: Mapping[str, float],
  make_changes: Callable[[Array, Array, Array], Array],
  families: tuple[list[Family], list[float]],
  own_backgrounds: Sequence[Mapping[str, float] | None] = (),
) -> Pair:
  """One pair.

  Args:
    key: key.
    bank: uint8 ``[N, S, S, 3]`` or None.
    size_px: side of the pictures.
    margin_px: drawn beyond each edge, so that moves bring in content.
    background_weights: weight of each kind of background.
    make_changes: ``(key, scene, other background) -> changed scene``, see
      ``changes.change``.
    families: of scenes, and their weights.
    own_backgrounds: for each family the weights that it has instead of
      ``background_weights``, or None; none at all is None for each.

  Returns:
    Pair of ``[size_px, size_px, 3]`` pictures and a ``[size_px, size_px]``
    mask.
  """
  size = size_px + 2 * margin_px
  make, weights = families
  own_backgrounds = own_backgrounds or [None] * len(make)
  drawn: list[Family] = [
    functools.partial(
      family,
      draw_background=background_drawer(
        own or background_weights, bank, size=size
      ),
      make_changes=make_changes,
      margin_px=margin_px,
    )
    for family, own in zip(make, own_backgrounds, strict=True)
  ]
  return mixture.draw(key, drawn, weights)


def flat_pair(
  key: Array,
  *,
  draw_background: Callable[[Array], Array],
  make_changes: Callable[[Array, Array, Array], Array],
  margin_px: int,
  min_change: float,
  nuisance: Mapping[str, Any],
) -> Pair:
  """One pair of pictures of flat things, such as drawings and bare boards.

  Args:
    key: key.
    draw_background: ``key -> image [S, S, 3]``.
    make_changes: see ``synthesise_pair``.
    margin_px: cropped from each edge.
    min_change: least change of a channel that is labelled.
    nuisance: settings of each nuisance by name.
  """
  keys = jax.random.split(key, 5)
  # In one call: half the program to compile.
  scene, other = finish(mixture.for_each(draw_background)(keys[:2]))
  changed = finish(make_changes(keys[2], scene, other))
  swap = jax.random.bernoulli(keys[3])
  return capture(
    keys[4],
    jnp.where(swap, changed, scene),
    jnp.where(swap, scene, changed),
    margin_px=margin_px,
    min_change=min_change,
    nuisance=nuisance,
  )


def _build_families(
  config: ml_collections.ConfigDict,
) -> tuple[tuple[list[Family], list[float]], list[Mapping[str, float] | None]]:
  """The families of scenes that have weight, and backgrounds of their own."""
  families: dict[str, tuple[Family, Mapping[str, float] | None]] = {
    'flat': (
      functools.partial(
        flat_pair,
        min_change=config.fills.min_change,
        nuisance=config.nuisances.to_dict(),
      ),
      None,
    ),
    'relief': (_with_depth(relief.pair, config.relief), None),
    'relit': (
      _with_depth(relit.pair, config.relit),
      _with_photographs_as(config.backgrounds, config.relit.backgrounds),
    ),
  }
  chosen, weights = mixture.select(
    'synthesis.families', families, config.families.to_dict()
  )
  return ([make for make, _ in chosen], weights), [own for _, own in chosen]


def _with_depth(family: Family, section: ml_collections.ConfigDict) -> Family:
  """A family of scenes with depth, with its section of the config."""
  names = ('shift', 'rotation', 'scale', 'warp')
  return functools.partial(
    family,
    settings=section.to_dict(),
    nuisance={name: section[name] for name in names},
  )


def _with_photographs_as(
  all_scenes: ml_collections.ConfigDict, own: ml_collections.ConfigDict
) -> dict[str, float]:
  """A family's own weights; without a bank there are no photographs."""
  weights = own.to_dict()
  if not all_scenes.photographs:
    weights['photographs'] = 0.0
  return weights


def build_changes(
  config: ml_collections.ConfigDict,
) -> Callable[[Array, Array, Array], Array]:
  """``changes.change`` with the kinds and numbers of the config.

  Args:
    config: ``config.synthesis``.

  Returns:
    A function ``(key, scene [S, S, 3], other background [S, S, 3]) -> changed
    scene``, where S is ``size_px + 2 * margin_px``.
  """
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
  return functools.partial(
    change,
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

  def photograph(key: Array) -> Array:
    assert bank is not None
    return photographs.crop(key, bank, size=size)

  kinds: dict[str, Callable[[Array], Array]] = {
    'photographs': photograph,
    'fractal_noise': functools.partial(backgrounds.fractal_noise, size=size),
    'dead_leaves': functools.partial(backgrounds.dead_leaves, size=size),
    'soft': functools.partial(backgrounds.soft, size=size),
    'thresholded': functools.partial(backgrounds.thresholded, size=size),
    'strokes': functools.partial(backgrounds.strokes, size=size),
    'polygons': functools.partial(backgrounds.polygons, size=size),
  }
  chosen, positive = mixture.select('synthesis.backgrounds', kinds, weights)
  return lambda key: mixture.draw(key, chosen, positive)


def _weights(
  config: ml_collections.ConfigDict, kinds: Mapping[str, Any]
) -> dict[str, float]:
  """The weights among a family's fields."""
  return {name: config[name] for name in kinds}
