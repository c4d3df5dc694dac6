"""Pixel metrics on synthetic pairs that training has not seen.

synthetic_metrics(parameters, bank, model=model, config=config.synthesis, ...)
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import ml_collections
import numpy as np

from zeroshot import rng
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.synthesis.pairs import build_synthesis
from zeroshot.types import HostArray

BATCH_SIZE = 8


def synthetic_metrics(
  parameters: Any,
  bank: HostArray | None,
  *,
  model: nn.Module,
  config: ml_collections.ConfigDict,
  num_pairs: int,
  seed: int,
) -> dict[str, float | int]:
  """Scores pairs of a stream of their own and compares with their masks.

  Args:
    parameters: of ``model``.
    bank: uint8 ``[N, S, S, 3]`` or None.
    model: a network.
    config: ``config.synthesis``.
    num_pairs: how many pairs.
    seed: of the stream ``'evaluation'``.

  Returns:
    ``pixel_auroc``, ``pixel_ap`` in [0, 1] and ``num_pairs``.
  """
  # The two programs of the sample sheets of training, at their default size,
  # so that a compilation cache serves both.
  synthesise, apply = jax.jit(build_synthesis(config)), jax.jit(model.apply)
  stored = jax.device_put(bank)
  masks, scores = [], []
  for first in range(0, num_pairs, BATCH_SIZE):
    # Always a whole batch, so that it compiles once; the surplus is dropped.
    keys = rng.example_keys(
      seed, 'evaluation', 0, first=first, count=BATCH_SIZE
    )
    pair = synthesise(keys, stored)
    prediction: Any = apply({'params': parameters}, pair.reference, pair.test)
    keep = slice(0, num_pairs - first)
    masks.append(jax.device_get(pair.mask)[keep])
    scores.append(jax.device_get(jax.nn.sigmoid(prediction.logits))[keep])
  figures = pixel_metrics(np.concatenate(scores), np.concatenate(masks))
  return {
    'pixel_auroc': figures['auroc'],
    'pixel_ap': figures['ap'],
    'num_pairs': num_pairs,
  }
