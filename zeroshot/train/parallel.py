"""Training on many devices: the only file that uses ``jax.pmap``.

  state = replicate(state)
  step = parallel_step(per_device_step)      # (state, bank) -> (state, metrics)
  state, collection = step(state, bank)

The state has no device axis: each leaf is one array that every device holds
(``in_axes`` and ``out_axes`` are None). ``replicate`` uses the sharding of
pmap's outputs; any other would compile the second step again, or copy the bank
to the devices at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from zeroshot.train.step import AXIS
from zeroshot.types import Array, HostArray

Tree = TypeVar('Tree')
State = TypeVar('State')
Bank = TypeVar('Bank')
Metrics = TypeVar('Metrics')


class ParallelStep(NamedTuple, Generic[State, Bank, Metrics]):
  """A step on all devices, as ``parallel_step`` makes it.

  Attributes:
    mapped: the step under ``jax.pmap``.
    replicas: int32, the numbers of this process's devices.
  """

  mapped: Any
  replicas: HostArray

  def __call__(self, state: State, bank: Bank) -> tuple[State, Metrics]:
    """The state after an update, and its metrics; consumes the state."""
    result: tuple[State, Metrics] = self.mapped(state, bank, self.replicas)
    return result

  def lower(self, state: State, bank: Bank) -> jax.stages.Lowered:
    """The step before it is compiled, for arrays or their shapes."""
    lowered: jax.stages.Lowered = self.mapped.lower(state, bank, self.replicas)
    return lowered


def per_device_batch(
  batch_size: int, *, devices: Sequence[jax.Device] | None = None
) -> int:
  """Pairs that each device draws in a step.

  Args:
    batch_size: of a step over all devices of all processes.
    devices: those that train; all of them by default.

  Returns:
    Their quotient.

  Raises:
    ValueError: where the batch does not divide.
  """
  count = jax.device_count() if devices is None else len(devices)
  if batch_size < 1 or batch_size % count:
    raise ValueError(
      f'train.batch_size={batch_size} does not divide among {count} devices; '
      f'take a multiple of {count}'
    )
  return batch_size // count


def replicate(
  tree: Tree, *, devices: Sequence[jax.Device] | None = None
) -> Tree:
  """Copies a tree to each of this process's devices.

  Args:
    tree: arrays of the host or of a device; None and other empty trees pass.
    devices: those that train; all of them by default.

  Returns:
    The same tree of replicated device arrays.
  """
  mesh = Mesh(np.array(_local(devices)), (AXIS,))
  return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))


def parallel_step(
  step: Callable[[State, Bank, Array], tuple[State, Metrics]],
  *,
  devices: Sequence[jax.Device] | None = None,
) -> ParallelStep[State, Bank, Metrics]:
  """Maps a per-device step over the devices.

  Args:
    step: ``(state, bank, replica) -> (state, metrics)``, whose results are
      equal on all replicas; ``replica`` counts over all processes.
    devices: those that train; all of them by default.

  Returns:
    ``(state, bank) -> (state, metrics)``. It consumes the state, whose memory
    the new one takes over.
  """
  chosen = jax.devices() if devices is None else list(devices)
  mapped = jax.pmap(
    step,
    axis_name=AXIS,
    in_axes=(None, None, 0),
    out_axes=None,
    devices=chosen,
    donate_argnums=0,
  )
  # Positions in the list of all devices: the same numbering on each process.
  here = jax.process_index()
  replicas = np.array(
    [i for i, device in enumerate(chosen) if device.process_index == here],
    np.int32,
  )
  return ParallelStep(mapped, replicas)


def _local(devices: Sequence[jax.Device] | None) -> list[jax.Device]:
  """Those of the devices that belong to this process."""
  chosen = jax.devices() if devices is None else devices
  here = jax.process_index()
  return [device for device in chosen if device.process_index == here]
