"""From state to checkpoint and back, and whether a run may go on.

checkpoints.save(manager, step, **split_state(state), config=config)
check_same_run(checkpoint.config, config)
state = join_state(checkpoint, describe_state(model, optimizer, size_px=128))
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from flax import serialization, traverse_util

from zeroshot.checkpoints import Checkpoint
from zeroshot.train.state import TrainState


def split_state(state: TrainState) -> dict[str, Any]:
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


def _check_arrays(items: Any, expected: Any, step: int) -> None:
  """Raises ValueError unless the trees hold arrays of the same shapes."""
  found, wanted = (
    {
      name: (tuple(leaf.shape), str(leaf.dtype))
      for name, leaf in traverse_util.flatten_dict(tree, sep='/').items()
    }
    for tree in (items, expected)
  )
  for name in sorted(found.keys() | wanted.keys()):
    if found.get(name) != wanted.get(name):
      raise ValueError(
        f'checkpoint of step {step}: {name} is {found.get(name)} and this '
        f'code makes {wanted.get(name)}; go on with the version of the code '
        'that saved it, or take a new --workdir'
      )
