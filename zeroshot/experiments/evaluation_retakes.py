"""False alarms on references against simulated retakes of themselves.

confidences = evaluation_retakes.detect(config, entries, detector)
defect_free.summarise(confidences, threshold=threshold)
"""

from __future__ import annotations

from collections.abc import Sequence

import ml_collections
import numpy as np

from zeroshot.data import manifest, pictures
from zeroshot.evaluate import defect_free, pairs
from zeroshot.evaluate.retakes import RetakeRanges
from zeroshot.experiments import evaluation_inputs, pair_shards
from zeroshot.types import HostArray


def detect(
  config: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  detector: pairs.Detector,
) -> list[HostArray]:
  """Detects on ``eval.defect_free_pairs`` references and their retakes.

  Returns:
    For each reference the confidences ``[K]`` of its false boxes.
  """
  chosen = evaluation_inputs.spread_indices(
    len(entries), config.eval.defect_free_pairs
  )
  ranges = RetakeRanges(**config.eval.second_take)

  def detect_one(index: int) -> bytes:
    confidence = defect_free.false_confidence(
      pictures.read_picture(entries[chosen[index]].reference_path),
      detector,
      seed=config.seed,
      index=index,
      ranges=ranges,
    )
    return confidence.astype(np.float32).tobytes()

  packed = pair_shards.map_across_processes(len(chosen), detect_one)
  return [np.frombuffer(data, np.float32) for data in packed]
