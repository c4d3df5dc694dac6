"""An update of a run again, and the batch that it was taken on.

  replayed = repeat(config, checkpoint, step=7, **parts)
  pair = draw(config, step=7, synthesise=synthesise, bank=bank)

Keys follow from (seed, step, example), so update 7 draws the same batch
whenever it is asked to. What came before is repeated by the very program that
training runs: bit for bit on as many devices of the same kind, else within
rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging
from flax import linen as nn

from zeroshot import rng
from zeroshot.checkpoints import Checkpoint
from zeroshot.train import metrics, parallel
from zeroshot.train.step import Loss, Synthesise
from zeroshot.train.update import Update, build_update, first_state
from zeroshot.types import Pair

_TOLD_EVERY = 100  # updates


class Outcome(NamedTuple):
  """What came out of one update.

  Attributes:
    update: its number, from 1.
    values: of its loss terms, 'loss', 'gradient_norm', 'parameter_norm' and
      'learning_rate', by name.
    culprit: name of the first of them that is not finite; '' where all are.
  """

  update: int
  values: Mapping[str, float]
  culprit: str


class Replayed(NamedTuple):
  """An update, and what it met.

  Attributes:
    outcome: of the update.
    earlier: the first outcome since ``begun`` that was not finite; None
      where all before the update were.
    params: before the update, nested dicts of NumPy arrays.
    begun: the step that was repeated from; 0 is the start of the run.
  """

  outcome: Outcome
  earlier: Outcome | None
  params: Any
  begun: int


def repeat(
  config: ml_collections.ConfigDict,
  checkpoint: Checkpoint | None,
  *,
  step: int,
  synthesise: Synthesise,
  bank: Any,
  model: nn.Module,
  loss: Loss,
  initial: Any = None,
  devices: Sequence[jax.Device] | None = None,
) -> Replayed:
  """Repeats all updates from a checkpoint up to one, and that one.

  Args:
    config: the whole config.
    checkpoint: of fewer than ``step`` updates; None begins with the run.
    step: the update, from 1.
    synthesise: ``(keys [B], bank) -> Pair``.
    bank: what ``synthesise`` draws from, a tree of arrays, or None.
    model: called as ``model(reference, test)``.
    loss: ``(prediction, mask, labels) -> (total, terms)``.
    initial: parameters that the run started from; None are random ones.
    devices: those that train; all of them by default.

  Returns:
    Replayed.

  Raises:
    ValueError: for an update that the run does not have, settings that cannot
      be, or a checkpoint of another network.
  """
  check_step(config, step)
  update = build_update(
    config, synthesise=synthesise, model=model, loss=loss, devices=devices
  )
  state = first_state(
    config, checkpoint, model=model, optimizer=update.optimizer, initial=initial
  )
  begun = int(state.step)
  assert begun < step, (begun, step)
  state, bank = parallel.replicate((state, bank), devices=devices)
  earlier = None
  for number in range(begun + 1, step):
    state, collection = update.step(state, bank)
    outcome = _outcome(update, number, collection)
    if earlier is None and outcome.culprit:
      earlier = outcome
    if number % _TOLD_EVERY == 0:
      logging.info('repeated update %d, on the way to %d', number, step)
  params = jax.device_get(state.params)  # the update consumes the state
  _, collection = update.step(state, bank)
  return Replayed(_outcome(update, step, collection), earlier, params, begun)


def draw(
  config: ml_collections.ConfigDict,
  *,
  step: int,
  synthesise: Synthesise,
  bank: Any,
  devices: Sequence[jax.Device] | None = None,
) -> Pair:
  """Draws the whole batch of an update.

  Device by device, as training did: what a pair is can depend on its place
  among those of its device.

  Args:
    config: the whole config.
    step: the update, from 1.
    synthesise: ``(keys [B], bank) -> Pair``.
    bank: what ``synthesise`` draws from, a tree of arrays, or None.
    devices: those that train; all of them by default.

  Returns:
    Pair of NumPy arrays ``[batch_size, H, W, ...]``, by global index.

  Raises:
    ValueError: for an update that the run does not have, or a batch that the
      devices cannot share.
  """
  check_step(config, step)
  total = config.train.batch_size
  count = parallel.per_device_batch(total, devices=devices)
  make = jax.jit(synthesise)
  shares = []
  for first in range(0, total, count):
    keys = rng.example_keys(
      config.seed, 'pairs', step - 1, first=first, count=count
    )
    shares.append(jax.device_get(make(keys, bank)))
  pair: Pair = jax.tree.map(lambda *parts: np.concatenate(parts), *shares)
  return pair


def check_step(config: ml_collections.ConfigDict, step: int) -> None:
  """Refuses an update that a run does not have.

  Args:
    config: the whole config.
    step: the update.

  Raises:
    ValueError: naming what there is.
  """
  last = config.train.steps
  if not 1 <= step <= last:
    raise ValueError(
      f'--step={step}: updates of this run are counted from 1 to '
      f'train.steps={last}; give the one that the error of training names'
    )


def _outcome(update: Update, number: int, collection: Any) -> Outcome:
  """Reads the metrics of an update, and waits for it."""
  collection = jax.device_get(collection)
  fault = metrics.first_non_finite([collection])
  values = metrics.summarize([collection])
  values['learning_rate'] = float(update.schedule(number - 1))
  return Outcome(number, values, '' if fault is None else fault.name)
