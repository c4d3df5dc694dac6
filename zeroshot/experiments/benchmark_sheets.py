"""Contact sheets of a benchmark: the worst false alarms and misses of a set.

benchmark_sheets.write(folder, detector, pairs, results, count=24)

They are judged as ``evaluate.froc`` judges: boxes that were drawn by eye do not
overlap by a third.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zeroshot.data import pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.evaluate import froc, matching
from zeroshot.evaluate.failures import Failure
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.inspection.detector import Detector
from zeroshot.report import contact_sheet

_COLUMNS = 3
_TILE_PX = 144


def write(
  folder: Path,
  detector: Detector,
  pairs: Sequence[LabelledPair],
  results: Sequence[PictureResult],
  *,
  count: int,
) -> None:
  """Writes ``false_alarms.png`` and ``misses.png``.

  Args:
    folder: made where it is missing.
    detector: inspects the pairs again, for their pictures.
    pairs: of the set.
    results: of the pairs, with candidates of any confidence.
    count: failures on a sheet at most.
  """
  folder.mkdir(parents=True, exist_ok=True)
  sheets = {
    'false_alarms': false_alarms(results, count=count),
    'misses': misses(results, threshold=detector.threshold, count=count),
  }
  by_name = {pair.name: pair for pair in pairs}
  known = {result.name: result for result in results}
  for name, failed in sheets.items():
    tiles: dict[int, contact_sheet.Tile] = {}
    for picture in dict.fromkeys(failure.name for failure in failed):
      pair = by_name[picture]
      inspection = detector.inspect(pair.reference_path, pair.test_path)
      for place, failure in enumerate(failed):
        if failure.name == picture:
          tiles[place] = contact_sheet.cut_tile(
            pictures.as_image(inspection.aligned_reference),
            pictures.as_image(inspection.test),
            np.asarray(inspection.score_map, np.float32),
            known[picture].detections,
            known[picture].truth,
            failure=failure,
          )
    sheet = contact_sheet.draw_contact_sheet(
      [tiles[place] for place in sorted(tiles)],
      columns=_COLUMNS,
      tile_px=_TILE_PX,
    )
    pictures.write_picture(folder / f'{name}.png', sheet)


def false_alarms(
  results: Sequence[PictureResult], *, count: int
) -> list[Failure]:
  """The surest boxes that find nothing.

  Args:
    results: of a set.
    count: failures at most.

  Returns:
    The surest first.
  """
  failed = []
  for result in results:
    boxes = result.detections
    false = ~froc.hits(boxes.xyxy, result.truth.xyxy).any(axis=1)
    overlap = matching.iou_matrix(result.truth.xyxy, boxes.xyxy)
    failed += [
      Failure(
        result.name,
        boxes.xyxy[index],
        float(boxes.confidence[index]),
        float(overlap[:, index].max(initial=0.0)),
      )
      for index in np.flatnonzero(false)
    ]
  return sorted(failed, key=lambda failure: -failure.confidence)[:count]


def misses(
  results: Sequence[PictureResult], *, threshold: float, count: int
) -> list[Failure]:
  """The truths that no box finds at a threshold.

  Args:
    results: of a set.
    threshold: of the confidence.
    count: failures at most.

  Returns:
    Those with the least sure boxes first; pairs without any candidate are left
    out, as those that could not be aligned are.
  """
  failed = []
  for result in results:
    boxes, truths = result.detections, result.truth.xyxy
    if not len(boxes.xyxy):
      continue
    hits = froc.hits(boxes.xyxy, truths)  # [D, T]
    best = np.where(hits, boxes.confidence[:, None], 0.0).max(axis=0)
    overlap = matching.iou_matrix(truths, boxes.xyxy)
    failed += [
      (
        float(best[index]),
        Failure(
          result.name,
          truths[index],
          float('nan'),
          float(overlap[index].max(initial=0.0)),
        ),
      )
      for index in np.flatnonzero(best < threshold)
    ]
  failed.sort(key=lambda item: item[0])
  return [failure for _, failure in failed[:count]]
