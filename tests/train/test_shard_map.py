"""The step of ``parallel`` does not depend on ``jax.pmap``."""

from __future__ import annotations

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from tests.train import toy
from zeroshot.train import parallel
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.step import AXIS
from zeroshot.train.update import build_update, device_step, first_state


def shard_mapped(step):
  """The same as ``parallel.parallel_step`` of all devices, without pmap."""
  mesh = Mesh(np.array(jax.devices()), (AXIS,))
  mapped = jax.shard_map(
    lambda state, bank, replicas: step(state, bank, replicas[0]),
    mesh=mesh,
    in_specs=(PartitionSpec(), PartitionSpec(), PartitionSpec(AXIS)),
    out_specs=PartitionSpec(),
    # As in pmap, the adjoint of psum is psum: see step.py.
    check_vma=False,
  )
  replicas = np.arange(jax.device_count(), dtype=np.int32)
  compiled = jax.jit(mapped)
  return lambda state, bank: compiled(state, bank, replicas)


def test_shard_map_gives_the_same_bits_as_pmap():
  assert jax.device_count() == 4
  config, task = toy.config(batch_size=8), toy.task()
  optimizer, _ = build_optimizer(config.train)
  start = first_state(config, task, optimizer, None)
  results = []
  for step in (
    build_update(config, task).step,
    shard_mapped(device_step(config, task, optimizer)),
  ):
    state, bank = parallel.replicate((start, task.bank))
    for _ in range(3):
      state, collection = step(state, bank)
    results.append((state, collection))
  toy.assert_equal(*results)
  moved = jax.tree.map(
    lambda old, new: np.any(old != np.asarray(new)),
    start.params,
    results[1][0].params,
  )
  assert all(jax.tree.leaves(moved))
