"""One kind of a family, drawn by weight.

Usage:
  kinds, weights = mixture.select(
    'synthesis.backgrounds', {'soft': soft, 'strokes': strokes}, all_weights
  )
  image = mixture.draw(key, kinds, weights)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from zeroshot.types import Array

S = TypeVar('S')
T = TypeVar('T')

# The kinds of a family that have weight, and the weights.
Kinds = tuple[list[Callable[..., Array]], list[float]]

# Left alone, XLA on CPUs recomputes a stage inside each of its consumers, for
# three times the time of the whole; between stages this keeps it from that.
finish = jax.lax.optimization_barrier


def for_each(function: Callable[..., Any]) -> Callable[..., Any]:
  """A function of a batch, of one of an example.

  On accelerators all examples are computed at once. On CPUs they are computed
  one after the other: of a family's kinds only the one that was drawn is
  computed, which takes a third of the time, and half to compile.

  Args:
    function: ``(key, *shared) -> tree of arrays``.

  Returns:
    ``(keys [B], *shared) -> the same tree, each array [B, ...]``.
  """

  def one_after_the_other(keys: Array, *shared: Any) -> Any:
    return jax.lax.map(lambda key: function(key, *shared), keys)

  def at_once(keys: Array, *shared: Any) -> Any:
    return jax.vmap(lambda key: function(key, *shared))(keys)

  return one_after_the_other if jax.default_backend() == 'cpu' else at_once


def select(
  family: str,
  kinds: Mapping[str, S],
  weights: Mapping[str, float],
) -> tuple[list[S], list[float]]:
  """The kinds with positive weight; the others are not compiled.

  Args:
    family: name for messages, for example ``'synthesis.regions'``.
    kinds: every kind of the family by name.
    weights: weight of each kind; the same names as ``kinds``.

  Returns:
    The kinds with a positive weight, and those weights.

  Raises:
    ValueError: if names disagree, a weight is negative, or none is positive.
  """
  if set(kinds) != set(weights):
    raise ValueError(
      f'{family} weighs {sorted(weights)}; the kinds are {sorted(kinds)}'
    )
  for name, weight in weights.items():
    if not weight >= 0:  # nor is it NaN
      raise ValueError(f'{family}.{name} is {weight}; a weight is at least 0')
  chosen = [name for name in kinds if weights[name] > 0]
  if not chosen:
    raise ValueError(f'every weight of {family} is 0; give one of them weight')
  return [kinds[name] for name in chosen], [weights[name] for name in chosen]


def draw(
  key: Array, kinds: list[Callable[..., T]], weights: list[float], *args: Array
) -> T:
  """Calls one of ``kinds`` with a key and ``args``.

  Args:
    key: key; split to draw the kind, and for the kind.
    kinds: functions ``(key, *args) -> T`` of equal output shapes.
    weights: positive weight of each.
    *args: arrays for the chosen kind.

  Returns:
    What the chosen kind returns. Under ``vmap`` all kinds are computed and
    one is selected.
  """
  if len(kinds) == 1:
    return kinds[0](key, *args)
  choice_key, kind_key = jax.random.split(key)
  log_weights = jnp.log(jnp.asarray(weights))
  index = jax.random.categorical(choice_key, log_weights)
  return jax.lax.switch(index, kinds, kind_key, *args)
