"""The update that a config asks for, and the state that a run starts from.

update = build_update(config, synthesise=synthesise, model=model, loss=loss)
state = first_state(config, checkpoint, model=model, initial=initial,
                    optimizer=update.optimizer)
state, bank = parallel.replicate((state, bank))
state, collection = update.step(state, bank)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import ml_collections
import optax
from flax import linen as nn

from zeroshot.checkpoints import Checkpoint
from zeroshot.train import parallel, resume, warm_start
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import TrainState, create_state, describe_state
from zeroshot.train.step import Loss, Synthesise, train_step


class Update(NamedTuple):
  """One update, and what it follows.

  Attributes:
    step: ``(state, bank) -> (state, metrics)``, on all devices; it consumes
      the state.
    optimizer: an optax transformation.
    schedule: number of completed updates -> learning rate of the next one.
  """

  step: Callable[[Any, Any], tuple[Any, Any]]
  optimizer: optax.GradientTransformation
  schedule: optax.Schedule


def build_update(
  config: ml_collections.ConfigDict,
  *,
  synthesise: Synthesise,
  model: nn.Module,
  loss: Loss,
  devices: Sequence[jax.Device] | None = None,
) -> Update:
  """Builds the update; nothing is compiled yet.

  Args:
    config: the whole config.
    synthesise: ``(keys [B], bank) -> Pair``.
    model: called as ``model(reference, test)``.
    loss: ``(prediction, mask, labels) -> (total, terms)``.
    devices: those that train; all of them by default.

  Returns:
    Update.

  Raises:
    ValueError: for settings that cannot be.
  """
  settings = config.train
  optimizer, schedule = build_optimizer(settings)
  per_device = parallel.per_device_batch(settings.batch_size, devices=devices)
  step = functools.partial(
    train_step,
    synthesise=synthesise,
    model=model,
    loss=loss,
    optimizer=optimizer,
    seed=config.seed,
    per_device=per_device,
    ema_decay=settings.ema_decay,
  )
  return Update(
    parallel.parallel_step(step, devices=devices), optimizer, schedule
  )


def first_state(
  config: ml_collections.ConfigDict,
  checkpoint: Checkpoint | None,
  *,
  model: nn.Module,
  optimizer: optax.GradientTransformation,
  initial: Any,
) -> TrainState:
  """The state of a checkpoint; where there is none, the one before update 1.

  Args:
    config: the whole config.
    checkpoint: as read, or None.
    model: called as ``model(reference, test)``.
    optimizer: an optax transformation.
    initial: parameters to start from, see ``warm_start``, or None.

  Returns:
    A TrainState of NumPy arrays.

  Raises:
    ValueError: where the checkpoint, or ``initial``, is of another network.
  """
  size_px = config.synthesis.size_px
  if checkpoint is not None:
    return resume.join_state(
      checkpoint, describe_state(model, optimizer, size_px=size_px)
    )
  state = create_state(model, optimizer, seed=config.seed, size_px=size_px)
  return state if initial is None else warm_start.start_from(state, initial)
