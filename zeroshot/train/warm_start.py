"""Parameters of another run as the start of a new one.

state = warm_start.start_from(state, weights.parameters)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from absl import logging
from flax import traverse_util

from zeroshot.train.state import TrainState


def start_from(state: TrainState, parameters: Mapping[str, Any]) -> TrainState:
  """A new state with another run's parameters wherever it has them.

  Parts that the other network lacks, such as a pair head, keep their random
  start. The optimizer starts anew.

  Args:
    state: before the first update.
    parameters: nested dicts of arrays.

  Returns:
    The state; its average starts from the same parameters.

  Raises:
    ValueError: if the other network has parts that this one lacks, or of
      another shape.
  """
  wanted = traverse_util.flatten_dict(state.params, sep='/')
  given = traverse_util.flatten_dict(dict(parameters), sep='/')
  faults = [
    f'{name} is {np.shape(value)} and here '
    f'{np.shape(wanted[name]) if name in wanted else "not there"}'
    for name, value in given.items()
    if name not in wanted or np.shape(wanted[name]) != np.shape(value)
  ]
  if faults:
    raise ValueError(
      f'train.init_weights are of another network: {"; ".join(faults[:4])}. '
      'Give weights trained with this config.model'
    )
  fresh = sorted(set(wanted) - set(given))
  if fresh:
    logging.info('not in train.init_weights, random: %s', ', '.join(fresh))
  merged = traverse_util.unflatten_dict(
    {name: np.array(given.get(name, wanted[name])) for name in wanted}, sep='/'
  )
  return state.replace(params=merged, ema_params=jax.tree.map(np.array, merged))
