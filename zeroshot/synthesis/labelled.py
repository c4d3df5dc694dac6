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

from zeroshot.synthesis import mixture, nuisances
from zeroshot.synthesis.capture import develop, displacement
from zeroshot.types import OPEN, Array, Labels, Material, Pair, Windows

NO_KIND = -1

Synthesise = Callable[[Array, Array | None], Pair]
Draw = Callable[[Array, Windows], Pair]


def build_labelled(
  config: ml_collections.ConfigDict, *, nuisance_share: float
) -> Draw:
  """Builds the function that draws a batch of labelled pairs.

  Args:
    config: ``config.synthesis``.
    nuisance_share: factor of each nuisance's probability, in [0, 1]: real
      pairs already have nuisances.

  Returns:
    A pure function ``(keys [B], windows) -> Pair`` with labels.

  Raises:
    ValueError: if the share is out of range.
  """
  if not 0 <= nuisance_share <= 1:
    raise ValueError(
      f'labelled.nuisance_share is {nuisance_share}; give one in [0, 1]'
    )
  nuisance = config.nuisances.to_dict()
  for settings in nuisance.values():
    settings['probability'] *= nuisance_share
  draw = functools.partial(
    draw_labelled,
    size_px=config.size_px,
    margin_px=config.margin_px,
    nuisance=nuisance,
  )
  return mixture.for_each(draw)


def mix(
  synthesise: Synthesise, draw: Draw, *, synthetic_every: int
) -> Callable[[Array, Material], Pair]:
  """Builds batches of labelled pairs with synthetic ones among them.

  Every ``synthetic_every``-th pair of the batch is synthetic, not a random
  choice: so only those are synthesised, on any number of devices.

  Args:
    synthesise: ``(keys, photographs) -> Pair``.
    draw: ``(keys, windows) -> Pair`` with labels.
    synthetic_every: 1 makes all pairs synthetic, 2 every other one; 0 none.

  Returns:
    A pure function ``(keys [B], material) -> Pair`` with labels.

  Raises:
    ValueError: if ``synthetic_every`` is negative, or, once called, B is no
      multiple of it.
  """
  if synthetic_every < 0:
    raise ValueError(
      f'labelled.synthetic_every is {synthetic_every}; give 0 or more'
    )

  def make(keys: Array, material: Material) -> Pair:
    assert material.windows is not None
    if not synthetic_every:
      return draw(keys, material.windows)
    count = keys.shape[0]
    if count % synthetic_every:
      raise ValueError(
        f'{count} pairs of a device do not divide by labelled.synthetic_every='
        f'{synthetic_every}; choose train.batch_size and train.num_samples so'
      )
    keys = keys.reshape(-1, synthetic_every)
    parts = [without_labels(synthesise(keys[:, 0], material.photographs))]
    for place in range(1, synthetic_every):
      parts.append(draw(keys[:, place], material.windows))
    return jax.tree.map(
      lambda *leaves: jnp.stack(leaves, 1).reshape(count, *leaves[0].shape[1:]),
      *parts,
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
) -> Pair:
  """One labelled pair.

  Args:
    key: key.
    windows: to crop from; ``S >= size_px + 2 * margin_px``.
    size_px: side of the pictures.
    margin_px: around the crop, so that moves bring in content.
    nuisance: settings of each nuisance by name.

  Returns:
    Pair of ``[size_px, size_px, ...]``.

  Raises:
    ValueError: if the windows are too small.
  """
  keys = jax.random.split(key, 5)
  reference, test, instance, index = _crop(
    keys[0], keys[1], windows, side=size_px + 2 * margin_px
  )
  inner = slice(margin_px, margin_px + size_px)
  labels, mask = _label(
    instance[inner, inner], windows.box_deltas[index], windows.kind[index]
  )
  reference, test, mask, labels = _reorient(
    keys[2], reference, test, mask, labels
  )
  offsets = displacement(keys[3], size=size_px, nuisance=nuisance)
  reference = nuisances.move(reference, offsets, margin=margin_px)
  reference, test = develop(
    jax.random.split(keys[4]), reference, test[inner, inner], nuisance=nuisance
  )
  return Pair(reference, test, mask, labels)


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
