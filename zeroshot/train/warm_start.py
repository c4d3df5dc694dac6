"""Starts a run from the parameters of another.

state = warm_start.start_from(state, weights.parameters)
"""

from __future__ import annotations

import jax
import numpy as np
from absl import logging
from flax import traverse_util

from zeroshot.train.state import TrainState
from zeroshot.types import Params


def start_from(state: TrainState, parameters: Params) -> TrainState:
  """Replaces the parameters of a new state by those of another run.

  Parameters that the other network lacks, such as a pair head, stay random. The
  optimizer state is not replaced.

  Args:
    state: before the first update.
    parameters: nested dicts of arrays.

  Returns:
    The state; its average starts from the same parameters.

  Raises:
    ValueError: if the other network has parameters that this one lacks, or of
      another shape.
  """
  current = traverse_util.flatten_dict(state.params, sep='/')
  given = traverse_util.flatten_dict(dict(parameters), sep='/')
  faults = [
    f'{name} is {np.shape(value)} and here '
    f'{np.shape(current[name]) if name in current else "not there"}'
    for name, value in given.items()
    if name not in current or np.shape(current[name]) != np.shape(value)
  ]
  if faults:
    raise ValueError(
      f'train.init_weights are of another network: {"; ".join(faults[:4])}. '
      'Give weights trained with this config.model'
    )
  fresh = sorted(set(current) - set(given))
  if fresh:
    logging.info('not in train.init_weights, random: %s', ', '.join(fresh))
  merged = {name: np.array(given.get(name, current[name])) for name in current}
  params = traverse_util.unflatten_dict(merged, sep='/')
  return state.replace(params=params, ema_params=jax.tree.map(np.array, params))
