"""The optimiser and its learning-rate schedule.

optimizer, schedule = build_optimizer(config.train)
"""

from __future__ import annotations

from typing import TypeVar

import jax
import ml_collections
import optax

from zeroshot.model.siamese import HEAD
from zeroshot.types import Params

Tree = TypeVar('Tree')


def build_schedule(
  kind: str, *, learning_rate: float, warmup_steps: int, steps: int
) -> optax.Schedule:
  """The learning rate of each update.

  Args:
    kind: ``'cosine'``, to 0 at ``steps``, or ``'constant'``.
    learning_rate: the peak, reached after the warm-up.
    warmup_steps: updates of the linear rise. The first update already takes
      ``learning_rate / (warmup_steps + 1)``, not 0.
    steps: updates of the whole run.

  Returns:
    A function from the number of completed updates to the learning rate of
    the next one.

  Raises:
    ValueError: for an unknown kind, or a warm-up as long as the run.
  """
  if not 0 <= warmup_steps < steps:
    raise ValueError(
      f'train.warmup_steps={warmup_steps} must lie between 0 and '
      f'train.steps={steps}: shorten the warm-up or lengthen the run'
    )
  if kind == 'cosine':
    main = optax.cosine_decay_schedule(learning_rate, steps - warmup_steps)
  elif kind == 'constant':
    main = optax.constant_schedule(learning_rate)
  else:
    raise ValueError(
      f"train.schedule={kind!r} is unknown; choose 'cosine' or 'constant'"
    )
  if not warmup_steps:
    return main
  rise = optax.linear_schedule(
    learning_rate / (warmup_steps + 1), learning_rate, warmup_steps
  )
  return optax.join_schedules([rise, main], [warmup_steps])


def decays(params: Tree) -> Tree:
  """Which parameters weight decay applies to: those of two axes or more.

  Biases and the scales of norms, which have one axis, are not decayed.

  Args:
    params: a tree of arrays.

  Returns:
    The same tree of bools.
  """
  return jax.tree.map(lambda value: value.ndim > 1, params)


def build_optimizer(
  config: ml_collections.ConfigDict,
) -> tuple[optax.GradientTransformation, optax.Schedule]:
  """AdamW after clipping by global norm.

  Args:
    config: ``config.train``.

  Returns:
    The optax transformation and its learning-rate schedule.

  Raises:
    ValueError: for an invalid schedule, a ``clip_norm`` of 0, or a
      ``trunk_rate`` out of range.
  """
  if config.clip_norm <= 0:
    raise ValueError(
      f'train.clip_norm={config.clip_norm} would stop every update; '
      'take a positive norm (1e9 clips nothing)'
    )
  schedule = build_schedule(
    config.schedule,
    learning_rate=config.learning_rate,
    warmup_steps=config.warmup_steps,
    steps=config.steps,
  )
  transformations = [
    optax.clip_by_global_norm(config.clip_norm),
    optax.adamw(schedule, weight_decay=config.weight_decay, mask=decays),
  ]
  if config.trunk_rate != 1:
    transformations.append(scale_trunk(config.trunk_rate))
  return optax.chain(*transformations), schedule


def scale_trunk(rate: float) -> optax.GradientTransformation:
  """Scales the updates of all parameters but those of the pair head.

  The trunk was trained on far more pairs than have labels; the head starts from
  random parameters.

  Args:
    rate: factor of the trunk's updates, in [0, 1]; 0 freezes the trunk.

  Returns:
    A transformation without a state, for the end of a chain.

  Raises:
    ValueError: if the rate is out of range.
  """
  if not 0 <= rate <= 1:
    raise ValueError(f'train.trunk_rate={rate} must be in [0, 1]')

  def scale(updates: Params, params: Params | None) -> Params:
    del params
    return {
      name: subtree
      if name == HEAD
      else jax.tree.map(lambda update: rate * update, subtree)
      for name, subtree in updates.items()
    }

  return optax.stateless(scale)
