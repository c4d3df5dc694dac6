"""What an evaluation shows: pairs, failures, reliability, kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zeroshot.data import pictures
from zeroshot.evaluate import failures, kinds, pairs
from zeroshot.evaluate.protocols import PictureResult, detections_as_annotated
from zeroshot.evaluate.reliability import Reliability
from zeroshot.report import confusion_matrix, contact_sheet, drawing
from zeroshot.report.reliability_diagram import reliability_diagram

COLUMNS = 3
TILE_PX = 144


def write_pair(path: Path, done: pairs.Evaluated) -> None:
  """Writes one pair's pictures, boxes and score map side by side."""
  image = drawing.draw_result(
    done.reference,
    done.test,
    done.detection.scores,
    done.detection.boxes,
    done.result.truth,
  )
  pictures.write_picture(path, image)


def write_sheets(
  out: Path,
  results: Sequence[PictureResult],
  examine: Callable[[str], pairs.Evaluated],
  *,
  margin_px: float,
  iou_threshold: float,
  count: int,
) -> None:
  """Writes ``false_alarms.png``, ``misses.png`` and ``wrong_kinds.png``.

  Args:
    out: folder.
    results: of every pair.
    examine: detects on the pair of a name again, for its pictures.
    margin_px: of the official protocol.
    iou_threshold: likewise.
    count: most failures on a sheet, the worst of all.
  """
  for name, worst in (
    ('false_alarms', failures.worst_false_alarms),
    ('misses', failures.worst_misses),
    ('wrong_kinds', failures.worst_wrong_kinds),
  ):
    found = worst(
      results, margin_px=margin_px, iou_threshold=iou_threshold, count=count
    )
    tiles = [cut(examine(one.name), one, margin_px=margin_px) for one in found]
    sheet = contact_sheet.contact_sheet(tiles, columns=COLUMNS, tile_px=TILE_PX)
    pictures.write_picture(out / f'{name}.png', sheet)


def cut(
  done: pairs.Evaluated, failure: failures.Failure, *, margin_px: float
) -> contact_sheet.Tile:
  """The tile of one failure."""
  found = detections_as_annotated(done.result, margin_px=margin_px)
  return contact_sheet.cut_tile(
    done.reference,
    done.test,
    done.detection.scores,
    found,
    done.result.truth,
    failure=failure,
  )


def write_reliability(path: Path, figures: Mapping[str, Any]) -> None:
  """Writes the diagram of ``official.reliability``."""
  fields: dict[str, Any] = {
    name: np.asarray(value) for name, value in figures.items()
  }
  bins = Reliability(**fields)
  pictures.write_picture(path, reliability_diagram(bins))


def write_confusion(out: Path, figures: Mapping[str, Any]) -> None:
  """Writes ``official-6.confusion`` as ``confusion.png`` and ``.md``."""
  found = kinds.Confusion(
    kinds=tuple(figures['kinds']), counts=np.asarray(figures['counts'])
  )
  pictures.write_picture(
    out / 'confusion.png', confusion_matrix.confusion_picture(found)
  )
  table = confusion_matrix.confusion_table(found)
  (out / 'confusion.md').write_text(table + '\n')
