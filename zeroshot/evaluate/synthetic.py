"""Figures on synthetic pairs that training has not seen.

figures = synthetic_metrics(detector, bank, config=config.synthesis, ...)
confidence, correct = judged_boxes(detector, bank, config=..., ...)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import jax
import ml_collections
import numpy as np

from zeroshot import rng
from zeroshot.detect.registered_pair import without_rim
from zeroshot.evaluate.pairs import Detector
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.synthesis.pairs import build_synthesis
from zeroshot.types import HostArray

BATCH_SIZE = 8


def synthetic_metrics(
  detector: Detector,
  bank: HostArray | None,
  *,
  config: ml_collections.ConfigDict,
  num_pairs: int,
  seed: int,
) -> dict[str, float | int]:
  """Detects on pairs of a stream of their own and compares with their masks.

  Args:
    detector: ``(reference, test) -> Detection``.
    bank: uint8 ``[N, S, S, 3]`` or None.
    config: ``config.synthesis``.
    num_pairs: how many pairs.
    seed: of the stream ``'evaluation'``.

  Returns:
    ``pixel_auroc``, ``pixel_ap`` in [0, 1], over where the registered reference
    has content, and ``num_pairs``.
  """
  examples = _examples(bank, config, num_pairs=num_pairs, seed=seed)
  masks, scores, seen = [], [], []
  for reference, test, mask in itertools.islice(examples, num_pairs):
    found = detector(reference, test)
    masks.append(mask)
    scores.append(found.scores)
    seen.append(without_rim(found.registration.valid))
  figures = pixel_metrics(
    np.stack(scores), np.stack(masks), valid=np.stack(seen)
  )
  return {
    'pixel_auroc': figures['auroc'],
    'pixel_ap': figures['ap'],
    'num_pairs': num_pairs,
  }


def judged_boxes(
  detector: Detector,
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
  for reference, test, mask in _examples(
    bank, config, num_pairs=num_pairs, seed=seed
  ):
    boxes = detector(reference, test).boxes
    confidence.append(boxes.confidence)
    inside = [
      mask[y1:y2, x1:x2].any() for x1, y1, x2, y2 in boxes.xyxy.astype(int)
    ]
    correct.append(np.asarray(inside, bool))
  return np.concatenate(confidence), np.concatenate(correct)


def _examples(
  bank: HostArray | None,
  config: ml_collections.ConfigDict,
  *,
  num_pairs: int,
  seed: int,
) -> Iterator[tuple[HostArray, HostArray, HostArray]]:
  """Reference, test and mask of pair after pair, in whole batches."""
  synthesise, stored = jax.jit(build_synthesis(config)), jax.device_put(bank)
  for first in range(0, num_pairs, BATCH_SIZE):
    keys = rng.example_keys(
      seed, 'evaluation', 0, first=first, count=BATCH_SIZE
    )
    batch = jax.device_get(synthesise(keys, stored))
    yield from zip(batch.reference, batch.test, batch.mask, strict=True)
