"""The update that a config describes, and the state that a run starts from.

update = build_update(config, task)
state = first_state(config, task, update.optimizer, checkpoint)
state, bank = parallel.replicate((state, task.bank))
state, collection = update.step(state, bank)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import ml_collections
import optax
from clu import metrics as clu_metrics

from zeroshot.checkpoints import Checkpoint
from zeroshot.train import parallel, resume, warm_start
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import TrainState, create_state, describe_state
from zeroshot.train.step import train_step
from zeroshot.train.task import Task
from zeroshot.types import Material


class Update(NamedTuple):
  """One update, its optimizer and its learning rate.

  Attributes:
    step: ``(state, bank) -> (state, metrics)``, on all devices; it consumes
      the state.
    optimizer: an optax transformation.
    schedule: number of completed updates -> learning rate of the next one.
  """

  step: parallel.ParallelStep[TrainState, Material, clu_metrics.Collection]
  optimizer: optax.GradientTransformation
  schedule: optax.Schedule


def build_update(
  config: ml_collections.ConfigDict,
  task: Task,
  *,
  devices: Sequence[jax.Device] | None = None,
) -> Update:
  """Builds the update; nothing is compiled yet.

  Args:
    config: the whole config.
    task: the synthesis, the model and the loss.
    devices: those that train; all of them by default.

  Returns:
    Update.

  Raises:
    ValueError: for invalid settings.
  """
  optimizer, schedule = build_optimizer(config.train)
  step = device_step(config, task, optimizer, devices=devices)
  return Update(
    parallel.parallel_step(step, devices=devices), optimizer, schedule
  )


def device_step(
  config: ml_collections.ConfigDict,
  task: Task,
  optimizer: optax.GradientTransformation,
  *,
  devices: Sequence[jax.Device] | None = None,
) -> Callable[..., tuple[TrainState, clu_metrics.Collection]]:
  """The update of one device, ``(state, bank, replica) -> (state, metrics)``.

  Args:
    config: the whole config.
    task: the synthesis, the model and the loss.
    optimizer: an optax transformation.
    devices: those that train; all of them by default.

  Raises:
    ValueError: the batch does not divide among the devices.
  """
  settings = config.train
  return functools.partial(
    train_step,
    task=task,
    optimizer=optimizer,
    seed=config.seed,
    per_device=parallel.per_device_batch(settings.batch_size, devices=devices),
    ema_decay=settings.ema_decay,
  )


def first_state(
  config: ml_collections.ConfigDict,
  task: Task,
  optimizer: optax.GradientTransformation,
  checkpoint: Checkpoint | None,
) -> TrainState:
  """The state of a checkpoint, or the one before update 1.

  Args:
    config: the whole config.
    task: the model, and the parameters to start from.
    optimizer: an optax transformation.
    checkpoint: None starts from ``task.initial`` or from random parameters.

  Returns:
    A TrainState of NumPy arrays.

  Raises:
    ValueError: where the checkpoint, or ``task.initial``, is of another
      network.
  """
  size_px = config.synthesis.size_px
  if checkpoint is not None:
    return resume.join_state(
      checkpoint, describe_state(task.model, optimizer, size_px=size_px)
    )
  state = create_state(task.model, optimizer, seed=config.seed, size_px=size_px)
  if task.initial is None:
    return state
  return warm_start.start_from(state, task.initial)
