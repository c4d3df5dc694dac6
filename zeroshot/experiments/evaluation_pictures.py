"""The pictures of an evaluation: pairs, failures, reliability, kinds.

evaluation_pictures.write_pair(out / 'pictures' / 'name.png', evaluation)
evaluation_pictures.write_confusion(out, metrics.official_6.confusion)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from zeroshot.data import pictures
from zeroshot.evaluate import failures, kinds, pairs
from zeroshot.evaluate.protocols import PictureResult, detections_as_annotated
from zeroshot.evaluate.reliability import Reliability
from zeroshot.report import confusion_matrix, contact_sheet, drawing
from zeroshot.report.reliability_diagram import draw_reliability

COLUMNS = 3
TILE_PX = 144
_SHEETS = (
  ('false_alarms', failures.worst_false_alarms),
  ('misses', failures.worst_misses),
  ('wrong_kinds', failures.worst_wrong_kinds),
)


def write_pair(path: Path, evaluation: pairs.PairEvaluation) -> None:
  """Writes one pair's pictures, boxes and score map side by side."""
  image = drawing.draw_result(
    evaluation.reference,
    evaluation.test,
    evaluation.detection.scores,
    evaluation.detection.boxes,
    evaluation.result.truth,
  )
  pictures.write_picture(path, image)


def write_sheets(
  out: Path,
  results: Sequence[PictureResult],
  evaluate_pair: Callable[[str], pairs.PairEvaluation],
  *,
  margin_px: float,
  iou_threshold: float,
  count: int,
) -> None:
  """Writes ``false_alarms.png``, ``misses.png`` and ``wrong_kinds.png``.

  Args:
    out: folder.
    results: of every pair.
    evaluate_pair: detects again on the pair of a name, for its pictures.
    margin_px: of the official protocol.
    iou_threshold: likewise.
    count: failures on a sheet at most, the worst of all.
  """
  for name, list_worst in _SHEETS:
    worst = list_worst(
      results, margin_px=margin_px, iou_threshold=iou_threshold, count=count
    )
    tiles = [
      _cut_tile(evaluate_pair(failure.name), failure, margin_px=margin_px)
      for failure in worst
    ]
    sheet = contact_sheet.draw_contact_sheet(
      tiles, columns=COLUMNS, tile_px=TILE_PX
    )
    pictures.write_picture(out / f'{name}.png', sheet)


def _cut_tile(
  evaluation: pairs.PairEvaluation,
  failure: failures.Failure,
  *,
  margin_px: float,
) -> contact_sheet.Tile:
  """The tile of one failure."""
  return contact_sheet.cut_tile(
    evaluation.reference,
    evaluation.test,
    evaluation.detection.scores,
    detections_as_annotated(evaluation.result, margin_px=margin_px),
    evaluation.result.truth,
    failure=failure,
  )


def write_reliability(path: Path, reliability: Reliability) -> None:
  """Writes the reliability diagram."""
  pictures.write_picture(path, draw_reliability(reliability))


def write_confusion(out: Path, confusion: kinds.Confusion) -> None:
  """Writes ``confusion.png`` and ``confusion.md``."""
  pictures.write_picture(
    out / 'confusion.png', confusion_matrix.draw_confusion(confusion)
  )
  table = confusion_matrix.format_confusion(confusion)
  (out / 'confusion.md').write_text(table + '\n')
