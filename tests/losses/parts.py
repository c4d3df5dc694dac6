"""Logits, masks, features and labels of the losses' tests."""

from __future__ import annotations

import numpy as np

from configs import default
from zeroshot.types import Labels

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (2, 8, 12)).astype(np.float32)
MASK = (RANDOM.random((2, 8, 12)) < 0.2).astype(np.float32)
EMPTY, FULL = np.zeros_like(MASK), np.ones_like(MASK)
EXTREME = np.where(RANDOM.random(MASK.shape) < 0.5, -1e4, 1e4).astype(
  np.float32
)


def features(*sides, seed=0):
  """One pair of feature maps for each side, as ``[B, h, w, C]``."""
  random = np.random.default_rng(seed)
  return tuple(
    tuple(random.normal(size=(2, 2, h, w, 5)).astype(np.float32))
    for h, w in sides
  )


FEATURES = features((4, 6), (2, 3))


def config(**changes):
  result = default.get_config().loss
  result.update(
    balanced_bce=0.0, focal=0.0, dice=0.0, contrast=0.0, label_smoothing=0.0
  )
  result.update(changes)
  return result


def labels(kind, share, box_deltas=0.0, upright=1.0):
  shape = np.shape(kind)
  return Labels(
    weight=np.ones(shape, np.float32),
    kind=np.asarray(kind, np.int32),
    box_deltas=np.broadcast_to(np.float32(box_deltas), (*shape, 4)),
    share=np.asarray(share, np.float32),
    upright=np.full(shape, upright, np.float32),
  )
