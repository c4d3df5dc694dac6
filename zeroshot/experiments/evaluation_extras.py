"""What an evaluation measures besides its pairs: good parts, synthetic pairs.

takes = evaluation_extras.look_at_second_takes(config, entries, detector)
figures = evaluation_extras.measure_defect_free(takes, threshold=threshold)
"""

from __future__ import annotations

from collections.abc import Sequence

import ml_collections
import numpy as np

from zeroshot.data import bank as bank_files
from zeroshot.data import manifest, pictures
from zeroshot.evaluate import defect_free, pairs
from zeroshot.evaluate.synthetic import synthetic_metrics
from zeroshot.experiments import pair_shards
from zeroshot.types import HostArray


def look_at_second_takes(
  config: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  detector: pairs.Detector,
) -> list[HostArray]:
  """Confidences of what is found in references and second takes of them."""
  chosen = sorted(spread(len(entries), config.eval.defect_free_pairs))

  def look(place: int) -> bytes:
    found = defect_free.false_confidence(
      pictures.read_picture(entries[chosen[place]].reference_path),
      detector,
      seed=config.seed,
      place=place,
      nuisances=config.eval.second_take.to_dict(),
    )
    return found.astype(np.float32).tobytes()

  packed = pair_shards.map_across_processes(len(chosen), look)
  return [np.frombuffer(one, np.float32) for one in packed]


def measure_defect_free(
  takes: Sequence[HostArray], *, threshold: float | None
) -> dict[str, float | int]:
  """False boxes between references and second takes of themselves."""
  figures: dict[str, float | int] = {
    'num_pairs': len(takes),
    'false_boxes_per_pair': defect_free.false_boxes_per_pair(
      takes, threshold=0.0
    ),
  }
  if threshold is not None:
    figures['false_boxes_per_pair_at_threshold'] = (
      defect_free.false_boxes_per_pair(takes, threshold=threshold)
    )
  return figures


def spread(total: int, count: int) -> set[int]:
  """Indices of ``count`` places, evenly spread over ``total``."""
  return set(np.linspace(0, total - 1, min(count, total)).astype(int).tolist())


def load_bank(config: ml_collections.ConfigDict) -> HostArray | None:
  """The photographs of synthetic pairs; None where there are none of either."""
  path = config.synthesis.bank if config.eval.synthetic_pairs else ''
  return bank_files.load_bank(path) if path else None


def measure_synthetic(
  config: ml_collections.ConfigDict,
  detector: pairs.Detector,
  bank: HostArray | None,
) -> dict[str, float | int]:
  """Pixel metrics on ``eval.synthetic_pairs`` synthetic pairs."""
  return synthetic_metrics(
    detector,
    bank,
    config=config.synthesis,
    num_pairs=config.eval.synthetic_pairs,
    seed=config.seed,
  )
