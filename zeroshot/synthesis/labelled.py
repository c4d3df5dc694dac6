"""Labelled pairs as training examples: cropped, turned, moved, relit.

  draw = labelled.build_labelled(config.synthesis, nuisance_share=0.3)
  make = labelled.mix(synthesise, draw, synthetic_every=2)
  pair = make(keys, Material(photographs, windows))

Labels are transformed with their pair. But annotations have a bias: DeepPCB's
boxes reach a pixel farther to the left than to the right, which a turned
picture does not show. So half of the pairs stay upright, and box deltas are
learned from these alone. Only the reference is moved, so the labels keep
the grid of the test picture.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot.synthesis import mixture, nuisances, pairs
from zeroshot.synthesis.capture import develop, displacement
from zeroshot.synthesis.mixture import finish
from zeroshot.types import OPEN, Array, Labels, Material, Pair, Windows

NO_KIND = -1

Synthesise = Callable[[Array, Array | None], Pair]
Draw = Callable[[Array, Windows], Pair]
Change = Callable[[Array, Array, Array], tuple[Array, Array]]


def build_labelled(
  config: ml_collections.ConfigDict,
  *,
  nuisance_share: float,
  changes_share: float = 0.0,
) -> Draw:
  """Builds the function that draws a batch of labelled pairs.

  Args:
    config: ``config.synthesis``.
    nuisance_share: factor of each nuisance's probability, in [0, 1]: real
      pairs already have nuisances.
    changes_share: of pairs that get synthetic anomalies too, in [0, 1]: pairs
      of real takes without a difference teach nothing else.

  Returns:
    A pure function ``(keys [B], windows) -> Pair`` with labels.

  Raises:
    ValueError: if a share is out of range.
  """
  shares = dict(nuisance_share=nuisance_share, changes_share=changes_share)
  for name, share in shares.items():
    if not 0 <= share <= 1:
      raise ValueError(f'labelled.{name} is {share}; give one in [0, 1]')
  nuisance = config.nuisances.to_dict()
  for settings in nuisance.values():
    settings['probability'] *= nuisance_share
  changing = config.copy_and_resolve_references()
  changing.defect_free_share = 1.0 - changes_share
  paste = functools.partial(
    _paste,
    change=pairs.build_changes(changing),
    least=config.fills.min_change,
  )
  draw = functools.partial(
    draw_labelled,
    size_px=config.size_px,
    margin_px=config.margin_px,
    nuisance=nuisance,
    make_changes=paste if changes_share else None,
  )
  return mixture.for_each(draw)


def mix(
  synthesise: Synthesise,
  draw: Draw,
  *,
  synthetic_every: int,
  labelled_every: int = 0,
) -> Callable[[Array, Material], Pair]:
  """Builds batches of labelled pairs and synthetic ones.

  Each n-th pair of the batch is of the one sort and all others of the other,
  not by a random choice: so only those are synthesised, on any number of
  devices.

  Args:
    synthesise: ``(keys, photographs) -> Pair``.
    draw: ``(keys, windows) -> Pair`` with labels.
    synthetic_every: 1 makes all pairs synthetic, 2 every other one; 0 none.
    labelled_every: if not 0, every such pair is labelled and all others are
      synthetic, whatever ``synthetic_every``.

  Returns:
    A pure function ``(keys [B], material) -> Pair`` with labels.

  Raises:
    ValueError: if a number is negative, or, once called, B is no multiple of
      it.
  """
  period = labelled_every or synthetic_every
  name = 'labelled_every' if labelled_every else 'synthetic_every'
  if period < 0:
    raise ValueError(f'labelled.{name} is {period}; give 0 or more')

  def make(keys: Array, material: Material) -> Pair:
    count, windows = keys.shape[0], material.windows
    assert windows is not None
    if not period:
      return draw(keys, windows)
    if count % period:
      raise ValueError(
        f'{count} pairs of a device do not divide by labelled.{name}={period}; '
        'choose train.batch_size and train.num_samples so'
      )
    keys = keys.reshape(-1, period)
    sorts = [
      lambda keys: without_labels(synthesise(keys, material.photographs)),
      lambda keys: draw(keys, windows),
    ]
    first, others = reversed(sorts) if labelled_every else sorts
    drawn = [first(keys[:, 0])]
    if period > 1:
      drawn.append(others(keys[:, 1:].reshape(-1)))
    return jax.tree.map(
      lambda *leaves: jnp.concatenate(
        [leaf.reshape(len(keys), -1, *leaf.shape[1:]) for leaf in leaves], 1
      ).reshape(count, *leaves[0].shape[1:]),
      *drawn,
    )

  return make


def without_labels(pair: Pair) -> Pair:
  """Adds labels to a pair that hold no more than its mask.

  Args:
    pair: of ``[..., H, W, ...]``.

  Returns:
    The same with labels.
  """
  nothing = jnp.zeros_like(pair.mask)
  return pair._replace(
    labels=Labels(
      weight=jnp.ones_like(pair.mask),
      kind=jnp.full(pair.mask.shape, NO_KIND, jnp.int32),
      box_deltas=jnp.stack([nothing] * 4, axis=-1),
      share=nothing,
      upright=jnp.ones_like(pair.mask),
    )
  )


def draw_labelled(
  key: Array,
  windows: Windows,
  *,
  size_px: int,
  margin_px: int,
  nuisance: Mapping[str, Mapping[str, float]],
  make_changes: Change | None = None,
) -> Pair:
  """One labelled pair.

  Args:
    key: key.
    windows: to crop from; ``S >= size_px + 2 * margin_px``.
    size_px: side of the pictures.
    margin_px: around the crop, so that moves bring in content.
    nuisance: settings of each nuisance by name.
    make_changes: ``(key, test, another window's test) -> (changed test, where
      it is changed)``; None changes nothing.

  Returns:
    Pair of ``[size_px, size_px, ...]``.

  Raises:
    ValueError: if the windows are too small.
  """
  keys = jax.random.split(key, 5)
  side = size_px + 2 * margin_px
  reference, test, instance, index = _crop(keys[0], keys[1], windows, side=side)
  inner = slice(margin_px, margin_px + size_px)
  labels, mask = _label(
    instance[inner, inner], windows.box_deltas[index], windows.kind[index]
  )
  if make_changes is not None:
    other_keys = jax.random.split(jax.random.fold_in(key, 1), 3)
    other = _crop(other_keys[0], other_keys[1], windows, side=side)[1]
    test, changed = finish(make_changes(other_keys[2], test, other))
    mask = jnp.maximum(mask, labels.weight * changed[inner, inner])
  reference, test, mask, labels = _reorient(
    keys[2], reference, test, mask, labels
  )
  offsets = displacement(keys[3], size=size_px, nuisance=nuisance)
  reference = nuisances.move(reference, offsets, margin=margin_px)
  reference, test = develop(
    jax.random.split(keys[4]), reference, test[inner, inner], nuisance=nuisance
  )
  return Pair(reference, test, mask, labels)


def _paste(
  key: Array,
  scene: Array,
  other: Array,
  *,
  change: Callable[[Array, Array, Array], Array],
  least: float,
) -> tuple[Array, Array]:
  """A changed scene, and 1 where a channel changed by more than ``least``."""
  changed = change(key, scene, other)
  apart = jnp.max(jnp.abs(changed - scene), axis=-1)
  return changed, (apart > least).astype(jnp.float32)


def _crop(
  index_key: Array, place_key: Array, windows: Windows, *, side: int
) -> tuple[Array, Array, Array, Array]:
  """A random crop of a random window.

  Returns:
    Reference and test ``[side, side, 3]`` in [0, 1], instance uint8
    ``[side, side]``, and the index of the window.
  """
  spare = windows.test.shape[1] - side
  if spare < 0:
    raise ValueError(
      f'labelled.window_px is {windows.test.shape[1]}; it must be at least '
      f'synthesis.size_px + 2 * synthesis.margin_px = {side}'
    )
  index = jax.random.randint(index_key, (), 0, windows.total)
  top, left = jax.random.randint(place_key, (2,), 0, spare + 1)

  def crop(planes: Array) -> Array:
    return jax.lax.dynamic_slice(
      planes[index],
      (top, left, *[0] * (planes.ndim - 3)),
      (side, side, *planes.shape[3:]),
    )

  reference, test = (
    jnp.broadcast_to(crop(stored) / jnp.float32(255), (side, side, 3))
    for stored in (windows.reference, windows.test)
  )
  return reference, test, crop(windows.instance), index


def _label(
  instance: Array, box_deltas: Array, kind: Array
) -> tuple[Labels, Array]:
  """The labels of a crop, and its mask.

  Args:
    instance: uint8 ``[s, s]``, of the crop.
    box_deltas: ``[M, 4]``.
    kind: int32 ``[M]``.
  """
  differs = (instance > 0) & (instance < OPEN)
  mask = differs.astype(jnp.float32)
  number = jnp.where(differs, instance.astype(jnp.int32) - 1, 0)  # [s, s]
  count = jnp.zeros(len(kind)).at[number].add(mask)
  labels = Labels(
    weight=(instance < OPEN).astype(jnp.float32),
    kind=jnp.where(differs, kind[number], NO_KIND),
    box_deltas=box_deltas[number] * mask[..., None],
    share=mask / jnp.maximum(count[number], 1.0),
    upright=jnp.ones_like(mask),
  )
  return labels, mask


def _reorient(
  key: Array, reference: Array, test: Array, mask: Array, labels: Labels
) -> tuple[Array, Array, Array, Labels]:
  """Applies one of the 7 other flips and quarter turns to half of the pairs."""
  turn_key, choice_key = jax.random.split(key)
  choice = jax.random.randint(choice_key, (), 1, 8)
  choice = jnp.where(jax.random.bernoulli(turn_key), choice, 0)
  across, down, over = choice & 1, choice & 2, choice & 4

  def turn(plane: Array) -> Array:
    plane = jnp.where(across > 0, plane[:, ::-1], plane)
    plane = jnp.where(down > 0, plane[::-1], plane)
    return jnp.where(over > 0, jnp.swapaxes(plane, 0, 1), plane)

  upright = jnp.where(choice == 0, 1.0, 0.0)
  labels = jax.tree.map(turn, labels)
  labels = labels._replace(
    box_deltas=labels.box_deltas * upright, upright=labels.upright * upright
  )
  return turn(reference), turn(test), turn(mask), labels
