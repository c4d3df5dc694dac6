"""Evaluates weights on labelled pairs and writes the results.

evaluated = evaluation.evaluate(config, weights, out)
evaluated.protocols.official.ap
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections
import numpy as np

from zeroshot.data import manifest, readable
from zeroshot.evaluate import defect_free, froc, pairs, synthetic
from zeroshot.evaluate.protocol_metrics import ProtocolMetrics
from zeroshot.evaluate.protocols import PictureResult, evaluate_detections
from zeroshot.experiments import (
  evaluation_inputs,
  evaluation_misalignments,
  evaluation_pictures,
  evaluation_retakes,
  evaluation_zips,
  loading,
  pair_shards,
)
from zeroshot.run_config import compatibility
from zeroshot.runtime import atomic_files, broadcast
from zeroshot.types import HostArray, JsonObject, PlainConfig
from zeroshot.weights import files

_Evaluate = Callable[[manifest.LabelledPair], pairs.PairEvaluation]


class Evaluation(NamedTuple):
  """The content of ``metrics.json``.

  Attributes:
    protocols: metrics of the pairs under every protocol.
    froc: of the pairs, at the stored threshold or else that of the config.
    defect_free: false alarms on simulated retakes; None where there are none.
    synthetic: metrics of synthetic pairs; None where there are none.
    seconds_per_pair: median duration of detection.
    misalignment: official AP at each step; empty where there is none.
    config: the whole config.
    step: of the weights.
  """

  protocols: ProtocolMetrics
  froc: froc.FrocMetrics
  defect_free: defect_free.DefectFreeMetrics | None
  synthetic: synthetic.SyntheticMetrics | None
  seconds_per_pair: float
  misalignment: Sequence[evaluation_misalignments.MisalignmentMetrics]
  config: PlainConfig
  step: int

  def to_json(self) -> JsonObject:
    """The protocols by their names, then the other fields that there are."""
    content = self.protocols.to_json() | {'froc': self.froc.to_json()}
    if self.defect_free:
      content['defect_free'] = self.defect_free.to_json()
    if self.synthetic:
      content['synthetic'] = self.synthetic.to_json()
    content['seconds_per_pair'] = self.seconds_per_pair
    if self.misalignment:
      content['misalignment'] = [step.to_json() for step in self.misalignment]
    return content | {'config': self.config, 'step': self.step}


def evaluate(
  config: ml_collections.ConfigDict, weights: files.Weights, out: Path
) -> Evaluation | None:
  """Detects on every pair and writes the results.

  Where several processes run this, each detects on its share of the pairs, and
  process 0 does the rest.

  Args:
    config: the whole config.
    weights: what is evaluated.
    out: folder for the results; made where it is missing.

  Returns:
    The content of ``metrics.json``; None in processes other than 0.

  Raises:
    ValueError: for settings, pairs or a bank that cannot be used, before the
      first detection; all pictures that cannot be read are named.
  """
  evaluation_inputs.check(config)
  entries = evaluation_inputs.list_pairs(config.eval)
  sizes_may_differ = evaluation_inputs.sizes_may_differ(config)
  readable.check_pairs(entries, sizes_may_differ=sizes_may_differ)
  bank = evaluation_inputs.load_bank(config)
  detector = loading.build_detector(config, weights)
  evaluate_pair = functools.partial(
    pairs.evaluate_pair,
    detector=detector,
    moves=config.eval.misalign.to_dict(),
    swap=config.eval.swap,
    sizes_may_differ=sizes_may_differ,
  )
  packed = pair_shards.map_across_processes(
    len(entries), lambda index: pair_shards.pack(evaluate_pair(entries[index]))
  )
  retakes = evaluation_retakes.detect(config, entries, detector)
  moved = evaluation_misalignments.detect(config.eval, entries, detector)
  evaluations: list[Evaluation] = []

  def finish() -> bytes:
    results, seconds = zip(*map(pair_shards.unpack, packed), strict=True)
    evaluation = Evaluation(
      *_measure(config, weights, results, retakes),
      synthetic=_measure_synthetic(config, detector, bank),
      seconds_per_pair=float(np.median(seconds)),
      misalignment=evaluation_misalignments.measure(config.eval, moved),
      config=compatibility.plain_config(config),
      step=weights.step,
    )
    _write(out, config, entries, evaluate_pair, results, evaluation)
    evaluations.append(evaluation)
    return b''

  # The others wait: a process that leaves early ends the run.
  broadcast.from_first(finish)
  return evaluations[0] if evaluations else None


def _measure(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  results: Sequence[PictureResult],
  retakes: Sequence[HostArray],
) -> tuple[
  ProtocolMetrics, froc.FrocMetrics, defect_free.DefectFreeMetrics | None
]:
  """Metrics of the pairs, and of the retakes if there are any."""
  settings, stored = config.eval, weights.calibration
  threshold = float(stored['threshold']) if stored else None
  protocols = evaluate_detections(
    results,
    iou_threshold=settings.iou_threshold,
    box_margin_px=settings.box_margin_px.to_dict(),
    bootstrap_samples=settings.bootstrap_samples,
    seed=config.seed,
    threshold=threshold,
  )
  used = config.detect.threshold if threshold is None else threshold
  found = froc.measure(results, threshold=used)
  if not retakes:
    return protocols, found, None
  return protocols, found, defect_free.summarise(retakes, threshold=threshold)


def _measure_synthetic(
  config: ml_collections.ConfigDict,
  detector: pairs.Detector,
  bank: HostArray | None,
) -> synthetic.SyntheticMetrics | None:
  """Pixel metrics of ``eval.synthetic_pairs`` pairs, if there are any."""
  if not config.eval.synthetic_pairs:
    return None
  return synthetic.synthetic_metrics(
    detector,
    bank,
    config=config.synthesis,
    num_pairs=config.eval.synthetic_pairs,
    seed=config.seed,
  )


def _write(
  out: Path,
  config: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  evaluate_pair: _Evaluate,
  results: Sequence[PictureResult],
  evaluation: Evaluation,
) -> None:
  """Writes the files of an evaluation."""
  settings, metrics = config.eval, evaluation.protocols
  (out / 'pictures').mkdir(parents=True, exist_ok=True)
  for index in evaluation_inputs.spread_indices(
    len(entries), settings.pictures
  ):
    file = out / 'pictures' / f'{entries[index].name}.png'
    evaluation_pictures.write_pair(file, evaluate_pair(entries[index]))
  margin_px = settings.box_margin_px.official
  by_name = {entry.name: entry for entry in entries}
  evaluation_pictures.write_sheets(
    out,
    results,
    lambda name: evaluate_pair(by_name[name]),
    margin_px=margin_px,
    iou_threshold=settings.iou_threshold,
    count=settings.worst,
  )
  evaluation_pictures.write_reliability(
    out / 'reliability.png', metrics.official.reliability
  )
  evaluation_pictures.write_confusion(out, metrics.official_6.confusion)
  evaluation_zips.write(out, results, margin_px=margin_px)
  atomic_files.write_json(out / 'metrics.json', evaluation.to_json())
