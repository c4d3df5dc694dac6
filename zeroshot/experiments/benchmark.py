"""Measures detectors on sets of pairs, all in one way.

  methods = [benchmark.load_method(config, name) for name in names]
  records = benchmark.run(methods, sets, out)

Each pair is inspected as by ``zeroshot inspect``, baselines too: with the same
registration and the same refusals. What is measured of a set is stored at once;
the same command goes on where it was stopped.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections
import numpy as np

from zeroshot.data import pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.detect import scorers
from zeroshot.detect.detector import build_detector
from zeroshot.detect.registered_pair import without_rim
from zeroshot.evaluate import froc, protocols
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.experiments import benchmark_sheets, loading
from zeroshot.experiments.benchmark_sets import BenchmarkSet
from zeroshot.inspection import loading as inspection_loading
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.inspection.result import Inspection
from zeroshot.runtime import atomic_files, progress
from zeroshot.types import Boxes, HostArray, JsonObject
from zeroshot.weights import files


class Method(NamedTuple):
  """A network or a baseline.

  Attributes:
    name: of the table's rows.
    detector: inspects pairs at the method's own threshold.
    fingerprint: digest of its parameters and settings.
  """

  name: str
  detector: Detector
  fingerprint: str


def load_method(config: ml_collections.ConfigDict, name: str) -> Method:
  """Loads weights or a baseline.

  Args:
    config: the whole config; weights take ``detect`` of their own.
    name: a weights file, the name of shipped weights or of a baseline.

  Raises:
    ValueError: there is no such file, or it is no weights file.
  """
  if name in scorers.BASELINES:
    scorer, section = loading.baseline(config, name)
    section.kinds = 'none'
    settings = section.to_dict()
    made = json.dumps([name, settings, config[name].scores.to_dict()])
    inspector = Detector(
      build_detector(scorer, settings), threshold=settings['threshold']
    )
    return Method(name, inspector, _digest(made.encode()))
  stored = files.load(name)
  calibrated = stored.calibration or stored.config['detect']
  network = inspection_loading.load_network(
    name, threshold=calibrated['threshold'], kinds='none'
  )
  return Method(
    Path(name).stem,
    Detector(network.build_detector(), threshold=network.threshold),
    _digest(
      b''.join(files.find(each).read_bytes() for each in files.members(name))
    ),
  )


def run(
  methods: Sequence[Method],
  sets: Sequence[BenchmarkSet],
  out: Path,
  *,
  sheet_tiles: int = 0,
) -> list[JsonObject]:
  """Measures every method on every set.

  Args:
    methods: of different names.
    sets: of different names.
    out: folder; ``records/METHOD/SET.json`` holds what is done, and is
      measured again where the weights or the pairs are others.
    sheet_tiles: the worst false alarms, and misses, to draw into
      ``sheets/METHOD/SET/``; 0 draws none.

  Returns:
    One record for each method and set.

  Raises:
    ValueError: two methods have one name, or a pair cannot be read.
  """
  names = [method.name for method in methods]
  if len(set(names)) < len(names):
    raise ValueError(
      f'two of {", ".join(names)} have one name; rename a weights file'
    )
  records = []
  for each in sets:
    for method in methods:
      path = out / 'records' / method.name / f'{each.name}.json'
      made = [method.fingerprint, each.fingerprint(), sheet_tiles]
      if path.is_file():
        record: JsonObject = json.loads(path.read_text())
        if record.get('made_by') == made:
          records.append(record)
          continue
      sheets = out / 'sheets' / method.name / each.name
      record = _measure(method, each, sheets, sheet_tiles)
      record['made_by'] = made
      atomic_files.write_json(path, record)
      records.append(record)
  return records


class _Looked(NamedTuple):
  """What is kept of one inspection; see ``PictureResult``."""

  result: PictureResult
  is_refused: bool
  seconds: float
  pixels: tuple[HostArray, HostArray] | None  # scores and mask, ``[N]`` each


def _measure(
  method: Method, each: BenchmarkSet, sheets: Path, sheet_tiles: int
) -> JsonObject:
  """The record of one method and set."""
  looked, total = [], len(each.pairs)
  title = f'{method.name} on {each.name}'
  with progress.progress_bar(
    title, total=total, done=0, unit='pairs', line_every=16
  ) as advance:
    for pair in each.pairs:
      looked.append(_look(method.detector, pair, each.masks))
      advance(len(looked))
  threshold = method.detector.threshold
  record: JsonObject = {
    'method': method.name,
    'set': each.name,
    'about': each.about,
    'seconds_per_pair': float(np.median([one.seconds for one in looked])),
    'froc': _froc(looked, threshold),
    'by_group': {
      group: _froc([x for x in looked if x.result.group == group], threshold)
      for group in sorted({one.result.group for one in looked})
    },
  }
  pixels = [one.pixels for one in looked if one.pixels is not None]
  if pixels and any(mask.any() for _, mask in pixels):
    measured = pixel_metrics(*map(np.concatenate, zip(*pixels, strict=True)))
    record |= {'pixel_auroc': measured.auroc, 'pixel_ap': measured.ap}
  results = [one.result for one in looked]
  if each.annotated:
    record['official_ap'] = _official_ap(results)
  if sheet_tiles:
    benchmark_sheets.write(
      sheets, method.detector, each.pairs, results, count=sheet_tiles
    )
  return record


def _look(
  detector: Detector, pair: LabelledPair, masks: Path | None
) -> _Looked:
  """Inspects one pair; one that is refused has no boxes."""
  try:
    inspection = detector.inspect(pair.reference_path, pair.test_path)
  except CouldNotAlignError:
    test = pictures.read_picture(pair.test_path)
    nothing = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())
    result = _result(pair, test.shape, nothing)
    return _Looked(result, is_refused=True, seconds=float('nan'), pixels=None)
  pixels = None
  if masks is not None:
    mask = pictures.read_picture(masks / f'{pair.name}.png')[..., 0] > 0.5
    keep = without_rim(inspection.moved.valid) > 0
    pixels = inspection.score_map[keep], mask[keep]
  result = _result(pair, inspection.test.shape, _boxes(inspection))
  return _Looked(result, False, inspection.seconds, pixels)


def _result(
  pair: LabelledPair, shape: tuple[int, ...], found: Boxes
) -> PictureResult:
  height, width = shape[:2]
  return PictureResult(pair.name, pair.group, height, width, pair.truth, found)


def _boxes(inspection: Inspection) -> Boxes:
  """The candidates of an inspection, however unsure."""
  rows = np.array([box[:5] for box in inspection.candidates], np.float32)
  rows = rows.reshape(-1, 5)
  kinds = tuple(box.kind for box in inspection.candidates)
  return Boxes(rows[:, :4], rows[:, 4], kinds)


def _froc(looked: Sequence[_Looked], threshold: float) -> JsonObject:
  """FROC of some pairs; a good pair that is refused is not told the same."""
  metrics = froc.measure([one.result for one in looked], threshold=threshold)
  refused = sum(one.is_refused for one in looked)
  refused_good = sum(
    one.is_refused and not len(one.result.truth.xyxy) for one in looked
  )
  if metrics.told_same is not None:
    share = metrics.told_same - refused_good / metrics.num_good
    metrics = dataclasses.replace(metrics, told_same=share)
  return metrics.to_json() | {'refused': refused}


def _official_ap(results: Iterable[PictureResult]) -> float:
  """DeepPCB's AP without classes, with the margin of its annotators."""
  metrics = protocols.evaluate_detections(
    list(results),
    iou_threshold=0.33,
    box_margin_px=dict(official=10.0, shrunk=3.0, as_published=3.0, coco=10.0),
    bootstrap_samples=0,
    seed=0,
  )
  return float(metrics.official.ap)


def _digest(data: bytes) -> str:
  return hashlib.sha256(data).hexdigest()
