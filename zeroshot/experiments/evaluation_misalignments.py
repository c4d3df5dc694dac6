"""AP against misalignment: the same pairs with their references moved.

results = evaluation_misalignments.detect(config.eval, entries, detector)
metrics = evaluation_misalignments.measure(config.eval, results)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import ml_collections

from zeroshot.data import manifest
from zeroshot.evaluate import pairs
from zeroshot.evaluate.metrics import JsonFields
from zeroshot.evaluate.protocols import PictureResult, evaluate_detections
from zeroshot.experiments import evaluation_inputs, pair_shards

_SCALE = 1.0


@dataclasses.dataclass(frozen=True)
class MisalignmentMetrics(JsonFields):
  """Official AP of pairs whose references are moved.

  Attributes:
    shift_px: of every reference, to the right and down.
    rotation_deg: of every reference.
    scale: of every reference.
    ap: official AP, in [0, 1]; NaN without ground truth.
    num_images: pairs.
  """

  shift_px: float
  rotation_deg: float
  scale: float
  ap: float
  num_images: int


def detect(
  settings: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  detector: pairs.Detector,
) -> list[list[PictureResult]]:
  """Results of ``eval.misalignment_pairs`` pairs at each step, in order."""
  count = settings.misalignment_pairs or len(entries)
  chosen = evaluation_inputs.spread_indices(len(entries), count)
  steps = settings.misalignments

  def detect_one(index: int) -> bytes:
    step, pair = divmod(index, len(chosen))
    shift_px, rotation_deg = steps[step]
    evaluation = pairs.evaluate_pair(
      entries[chosen[pair]],
      detector,
      moves=dict(shift_px=shift_px, rotation_deg=rotation_deg, scale=_SCALE),
    )
    return pair_shards.pack(evaluation)

  packed = pair_shards.map_across_processes(
    len(steps) * len(chosen), detect_one
  )
  results = [pair_shards.unpack(data)[0] for data in packed]
  return [
    results[start : start + len(chosen)]
    for start in range(0, len(results), len(chosen))
  ]


def measure(
  settings: ml_collections.ConfigDict,
  results: Sequence[Sequence[PictureResult]],
) -> list[MisalignmentMetrics]:
  """Official AP at each step.

  Args:
    settings: ``config.eval``.
    results: of ``detect``.
  """
  metrics = []
  for (shift_px, rotation_deg), step_results in zip(
    settings.misalignments, results, strict=True
  ):
    official = evaluate_detections(
      step_results,
      iou_threshold=settings.iou_threshold,
      box_margin_px=settings.box_margin_px.to_dict(),
      bootstrap_samples=0,
      seed=0,
    ).official
    metrics.append(
      MisalignmentMetrics(
        shift_px, rotation_deg, _SCALE, official.ap, official.num_images
      )
    )
  return metrics
