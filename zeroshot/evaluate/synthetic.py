"""Figures on synthetic pairs that training has not seen.

synthetic_metrics(parameters, bank, model=model, config=config.synthesis, ...)
confidence, correct = judged_boxes(detector, bank, config=..., ...)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax
import ml_collections
import numpy as np

from zeroshot import rng
from zeroshot.detect.detector import Detection
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.synthesis.pairs import build_synthesis
from zeroshot.types import HostArray, Pair

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
  apply = jax.jit(model.apply)
  masks, scores = [], []
  for pair in _batches(bank, config, num_pairs=num_pairs, seed=seed):
    prediction: Any = apply({'params': parameters}, pair.reference, pair.test)
    masks.append(jax.device_get(pair.mask))
    scores.append(jax.device_get(jax.nn.sigmoid(prediction.logits)))
  figures = pixel_metrics(
    np.concatenate(scores)[:num_pairs], np.concatenate(masks)[:num_pairs]
  )
  return {
    'pixel_auroc': figures['auroc'],
    'pixel_ap': figures['ap'],
    'num_pairs': num_pairs,
  }


def judged_boxes(
  detector: Callable[[HostArray, HostArray], Detection],
  bank: HostArray | None,
  *,
  config: ml_collections.ConfigDict,
  num_pairs: int,
  seed: int,
) -> tuple[HostArray, HostArray]:
  """What a detector finds in synthetic pairs, and whether it is there.

  A box is true where any pixel in it truly differs. How well it fits is not
  asked: that depends on who draws the true one.

  Args:
    detector: ``(reference, test) -> Detection``.
    bank: uint8 ``[N, S, S, 3]`` or None.
    config: ``config.synthesis``.
    num_pairs: how many pairs, rounded up to whole batches.
    seed: of the stream ``'evaluation'``.

  Returns:
    Confidences float32 ``[K]``, and bool ``[K]``, pooled over the pairs.
  """
  confidence, correct = [np.zeros(0, np.float32)], [np.zeros(0, bool)]
  for batch in _batches(bank, config, num_pairs=num_pairs, seed=seed):
    for reference, test, mask in zip(*jax.device_get(batch), strict=True):
      boxes = detector(reference, test).boxes
      confidence.append(boxes.confidence)
      inside = [
        mask[y1:y2, x1:x2].any() for x1, y1, x2, y2 in boxes.xyxy.astype(int)
      ]
      correct.append(np.asarray(inside, bool))
  return np.concatenate(confidence), np.concatenate(correct)


def _batches(
  bank: HostArray | None,
  config: ml_collections.ConfigDict,
  *,
  num_pairs: int,
  seed: int,
) -> Iterator[Pair]:
  """Whole batches, so that the program compiles once; the last has surplus."""
  synthesise, stored = jax.jit(build_synthesis(config)), jax.device_put(bank)
  for first in range(0, num_pairs, BATCH_SIZE):
    keys = rng.example_keys(
      seed, 'evaluation', 0, first=first, count=BATCH_SIZE
    )
    yield synthesise(keys, stored)
