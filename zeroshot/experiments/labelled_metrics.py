"""The metrics of some weights on labelled pairs, by all protocols.

metrics = labelled_metrics.evaluate(config, weights, pairs)
metrics['official-6']['ap']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_collections

from zeroshot.data import pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.evaluate import pairs, protocols
from zeroshot.experiments import loading
from zeroshot.types import HostArray
from zeroshot.weights import files

# The pictures as they are, for ``pairs.evaluate_pair``.
STILL: Mapping[str, float] = {
  'shift_px': 0.0,
  'rotation_deg': 0.0,
  'scale': 1.0,
}


def evaluate(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  chosen: Sequence[LabelledPair],
  *,
  moves: Mapping[str, float] = STILL,
  box_margin_px: Mapping[str, float] | None = None,
  read: Callable[[pictures.Path], HostArray] = pictures.read_picture,
) -> dict[str, Any]:
  """Detects on every pair and scores the set.

  Args:
    config: the whole config.
    weights: to evaluate.
    chosen: the pairs.
    moves: of every reference, see ``pairs.evaluate_pair``.
    box_margin_px: by protocol; overrides ``eval.box_margin_px``.
    read: reads a picture.

  Returns:
    ``ProtocolMetrics.to_json()``, without intervals.
  """
  detector = loading.build_detector(config, weights)
  return protocols.evaluate_detections(
    [
      pairs.evaluate_pair(pair, detector, moves=moves, read=read).result
      for pair in chosen
    ],
    iou_threshold=config.eval.iou_threshold,
    box_margin_px={
      **config.eval.box_margin_px.to_dict(),
      **(box_margin_px or {}),
    },
    bootstrap_samples=0,
    seed=config.seed,
  ).to_json()
