"""From state to checkpoint and back.

checkpoints.save(manager, step, **split_state(state), config=config)
state = join_state(checkpoint, expected)
"""

from __future__ import annotations

import jax
import numpy as np
from flax import serialization, traverse_util

from zeroshot.checkpoints import Checkpoint
from zeroshot.train.state import TrainState
from zeroshot.types import Params


def split_state(state: TrainState) -> dict[str, Params]:
  """The items of a checkpoint.

  Args:
    state: of arrays.

  Returns:
    ``model``: the averaged parameters, all that evaluation reads. ``train``:
    the rest, as nested dicts.
  """
  rest = dict(step=state.step, params=state.params, opt_state=state.opt_state)
  return dict(model=state.ema_params, train=serialization.to_state_dict(rest))


def join_state(checkpoint: Checkpoint, expected: TrainState) -> TrainState:
  """The state that a checkpoint holds.

  Args:
    checkpoint: as read.
    expected: shapes and types, as of ``describe_state``.

  Returns:
    A TrainState of NumPy arrays.

  Raises:
    ValueError: where the checkpoint holds other arrays than this code makes.
  """
  items = {'ema_params': checkpoint.model, **checkpoint.train}
  _check_arrays(items, serialization.to_state_dict(expected), checkpoint.step)
  state: TrainState = serialization.from_state_dict(expected, items)
  assert int(state.step) == checkpoint.step, (state.step, checkpoint.step)
  return jax.tree.map(np.array, state)


def _check_arrays(items: Params, expected: Params, step: int) -> None:
  """Raises ValueError unless the trees hold arrays of the same shapes."""
  saved, current = (
    {
      name: (tuple(leaf.shape), str(leaf.dtype))
      for name, leaf in traverse_util.flatten_dict(tree, sep='/').items()
    }
    for tree in (items, expected)
  )
  for name in sorted(saved.keys() | current.keys()):
    if saved.get(name) != current.get(name):
      raise ValueError(
        f'checkpoint of step {step}: {name} is {saved.get(name)} and this '
        f'code makes {current.get(name)}; go on with the version of the code '
        'that saved it, or take a new --workdir'
      )
