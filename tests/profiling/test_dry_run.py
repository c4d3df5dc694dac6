"""What a training would need is told without allocating."""

from __future__ import annotations

import jax
import pytest

from tests.train import toy
from zeroshot.profiling import dry_run


def test_a_step_is_described_and_nothing_is_put_on_a_device():
  config, task = toy.config(batch_size=8), toy.task()
  before = {id(array) for array in jax.live_arrays()}
  plan = dry_run.describe(config, task)
  assert {id(array) for array in jax.live_arrays()} <= before
  # 3x3 of 6 to 4 channels and 1x1 of 4 to 1, with biases.
  assert plan['parameters'] == 9 * 6 * 4 + 4 + 4 + 1
  assert plan['shapes']['pair.reference'] == 'float32 [2, 8, 8, 3]'
  assert plan['shapes']['prediction.logits'] == 'float32 [2, 8, 8]'
  kernel = plan['shapes']["params['Conv_0']['kernel']"]
  assert kernel == 'float32 [3, 3, 6, 4]'
  assert (plan['batch_size'], plan['per_device']) == (8, 2)
  # Forward alone: a multiply-add of each weight and pixel.
  least = 2 * (9 * 6 * 4 + 4) * 6 * 6 * 2 / 1e9
  assert least < plan['gigaflop']['network'] < 10 * least
  assert plan['gigaflop']['step'] > plan['gigaflop']['network']
  memory = plan['memory_mib']
  assert memory['arguments'] >= 4 * 4 * plan['parameters'] / 2**20
  assert memory['intermediate'] > 0


def test_more_pairs_take_more():
  small, large = (
    dry_run.describe(toy.config(batch_size=size), toy.task())
    for size in (4, 16)
  )
  ratio = large['gigaflop']['network'] / small['gigaflop']['network']
  assert ratio == pytest.approx(4, rel=0.1)
  assert (
    large['memory_mib']['intermediate'] > (small['memory_mib']['intermediate'])
  )
