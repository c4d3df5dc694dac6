"""A network, a loss and a synthesis of toy size, and a config to train them."""

from __future__ import annotations

import json
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from configs import default
from zeroshot import rng
from zeroshot.losses import whole_batch
from zeroshot.synthesis.labelled import without_labels
from zeroshot.train import loop, writers
from zeroshot.train.task import NO_BANK, Task
from zeroshot.types import Array, Pair

SIZE = 8


class Prediction(NamedTuple):
  logits: Array
  features: tuple = ()


class Net(nn.Module):
  @nn.compact
  def __call__(self, reference, test):
    x = jnp.concatenate([reference, test], axis=-1)  # [B, H, W, 6]
    x = nn.relu(nn.Conv(4, (3, 3))(x))
    return Prediction(nn.Conv(1, (1, 1))(x)[..., 0])


def synthesise(keys, bank=NO_BANK, *, size_px=SIZE):
  shape = (size_px, size_px)

  def one(key):
    a, b, c = jax.random.split(key, 3)
    reference = jax.random.uniform(a, (*shape, 3))
    if bank.photographs is not None:
      reference *= bank.photographs[0, :size_px, :size_px] / 255.0
    mask = (jax.random.uniform(b, shape) > 0.8).astype(jnp.float32)
    other = jax.random.uniform(c, (*shape, 3))
    return Pair(
      reference, jnp.where(mask[..., None] > 0, other, reference), mask
    )

  return jax.vmap(one)(keys)


def loss(prediction, mask, labels=None, *, sum_across=whole_batch):
  """One term that is a mean over examples and one that is not."""
  scores = jax.nn.sigmoid(prediction.logits)
  square, num_pixels, overlap, total = sum_across(
    (
      jnp.sum((scores - mask) ** 2),
      jnp.sum(jnp.ones_like(mask)),
      jnp.sum(scores * mask),
      jnp.sum(scores) + jnp.sum(mask),
    )
  )
  square, dice = square / num_pixels, 1 - 2 * overlap / total
  return square + dice, {'square': square, 'dice': dice}


def labelled_synthesise(keys, bank=NO_BANK):
  """The same pairs; where the reference is dark, the mask is open."""
  pair = without_labels(synthesise(keys, bank))
  is_bright = pair.reference[..., 0] > 0.3
  weight = is_bright.astype(jnp.float32)
  return pair._replace(labels=pair.labels._replace(weight=weight))


def labelled_loss(prediction, mask, labels, *, sum_across=whole_batch):
  """One term without open pixels, balanced over the batch."""
  scores = jax.nn.sigmoid(prediction.logits)
  square = labels.weight * (scores - mask) ** 2
  total, weight = sum_across((jnp.sum(square), jnp.sum(labels.weight)))
  return total / weight, {'square': total / weight}


def config(**train):
  config = default.get_config()
  config.synthesis.size_px = SIZE
  config.train.update(
    dict(
      steps=8,
      batch_size=4,
      warmup_steps=2,
      learning_rate=1e-2,
      log_every=3,
      checkpoint_every=4,
      sample_every=0,
    )
    | train
  )
  return config


def task(**changes):
  return Task(**dict(synthesise=synthesise, model=Net(), loss=loss) | changes)


def train(workdir, *, task_changes=None, **arguments):
  """Trains; other arguments are of ``loop.train`` or fields of ``train``."""
  names = ('hooks', 'stop', 'allow_config_change', 'devices', 'reports')
  passed = {name: arguments.pop(name) for name in names if name in arguments}
  return loop.train(
    config(**arguments), task(**task_changes or {}), workdir=workdir, **passed
  )


def log_lines(workdir):
  """The log lines without what depends on the clock."""
  text = (workdir / writers.METRICS_FILE).read_text()
  rows = [json.loads(line) for line in text.splitlines()]
  for row in rows:
    row.pop('pairs_per_second', None)
  return rows


def assert_equal(first, second):
  """The same tree of the same arrays, bit for bit."""
  first, second = jax.device_get((first, second))
  assert jax.tree.structure(first) == jax.tree.structure(second)
  for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
    assert (a.dtype, a.shape) == (b.dtype, b.shape)
    assert a.tobytes() == b.tobytes()


SPOILED_UPDATE, SPOILED_EXAMPLE = 7, 5


def spoil(value):
  """A synthesis that puts a value into one example of one update."""

  def synthesise_spoiled(keys, bank=NO_BANK):
    pair = synthesise(keys, bank)
    bad = rng.example_keys(
      0, 'pairs', SPOILED_UPDATE - 1, first=SPOILED_EXAMPLE, count=1
    )
    same = jax.random.key_data(keys) == jax.random.key_data(bad)
    is_bad = jnp.all(same, axis=-1)[:, None, None, None]  # [B, 1, 1, 1]
    corner = jnp.where(is_bad, value, pair.test[:, :2, :2])
    return pair._replace(test=pair.test.at[:, :2, :2].set(corner))

  return synthesise_spoiled
