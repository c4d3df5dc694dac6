"""Metrics on synthetic pairs that training has not used.

metrics = synthetic.synthetic_metrics(
  detector, bank, config=config.synthesis, num_pairs=64, seed=0
)
confidence, correct = synthetic.judge_boxes(
  detector, bank, config=config.synthesis, num_pairs=64, seed=0
)
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import jax
import ml_collections
import numpy as np

from zeroshot import rng
from zeroshot.detect.registered_pair import without_rim
from zeroshot.evaluate.metrics import JsonFields
from zeroshot.evaluate.pairs import Detector
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.synthesis.pairs import build_synthesis
from zeroshot.types import HostArray

BATCH_SIZE = 8


@dataclasses.dataclass(frozen=True)
class SyntheticMetrics(JsonFields):
  """Pixel metrics on synthetic pairs; see ``pixel.PixelMetrics``.

  Attributes:
    pixel_auroc: over where the registered reference has content.
    pixel_ap: likewise.
    num_pairs: synthetic pairs.
  """

  pixel_auroc: float
  pixel_ap: float
  num_pairs: int


def synthetic_metrics(
  detector: Detector,
  bank: HostArray | None,
  *,
  config: ml_collections.ConfigDict,
  num_pairs: int,
  seed: int,
) -> SyntheticMetrics:
  """Compares score maps of synthetic pairs with their masks.

  Args:
    detector: ``(reference, test) -> Detection``.
    bank: uint8 ``[N, S, S, 3]`` or None.
    config: ``config.synthesis``.
    num_pairs: how many pairs.
    seed: of the stream ``'evaluation'``.
  """
  examples = _examples(bank, config, num_pairs=num_pairs, seed=seed)
  masks, scores, valid_masks = [], [], []
  for reference, test, mask in itertools.islice(examples, num_pairs):
    detection = detector(reference, test)
    masks.append(mask)
    scores.append(detection.scores)
    valid_masks.append(without_rim(detection.registration.valid))
  metrics = pixel_metrics(
    np.stack(scores), np.stack(masks), valid=np.stack(valid_masks)
  )
  return SyntheticMetrics(metrics.auroc, metrics.ap, num_pairs)


def judge_boxes(
  detector: Detector,
  bank: HostArray | None,
  *,
  config: ml_collections.ConfigDict,
  num_pairs: int,
  seed: int,
) -> tuple[HostArray, HostArray]:
  """Detects on synthetic pairs and judges each box.

  A box is correct if any pixel in it truly differs. How well it fits does not
  count, since annotators draw boxes differently.

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
