"""The detections of an evaluation in the benchmark's own format.

evaluation_zips.write(out, results, margin_px=10)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import logging

from zeroshot.data import deeppcb
from zeroshot.evaluate import benchmark_files, kinds, protocols
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.types import UNKNOWN_KIND


def write(
  out: Path, results: Sequence[PictureResult], *, margin_px: float
) -> None:
  """Writes ``detections.zip`` and ``detections-6.zip``.

  Neither is written where a detection has a kind that the benchmark's format
  has no word for.

  Args:
    out: folder.
    results: of every pair.
    margin_px: of the official protocol.
  """
  legal = {*deeppcb.KINDS, *benchmark_files.ONE_CLASS}
  others = {k for result in results for k in result.detections.kind} - legal
  if others:
    logging.warning(
      'no detections.zip: the benchmark knows no %s', ', '.join(sorted(others))
    )
    return
  write_zip(out / 'detections.zip', results, margin_px=margin_px)
  write_zip(
    out / 'detections-6.zip', results, margin_px=margin_px, by_kind=True
  )


def write_zip(
  path: Path,
  results: Sequence[PictureResult],
  *,
  margin_px: float,
  by_kind: bool = False,
) -> None:
  """Writes the detections as the benchmark's zip, with the official margin.

  The two protocols rank differently and a line has one confidence, so each
  needs a zip of its own.

  Args:
    path: of the zip.
    results: of every pair.
    margin_px: of the official protocol.
    by_kind: confidences are those of ``kinds.rank_by_kind``, and an unknown
      kind is written as ``difference``, which is wrong as in ``official-6``.
      Otherwise confidences are the plain ones, and an unknown kind is written
      as ``benchmark_files.STAND_IN``.
  """
  detections = {
    result.name: protocols.detections_as_annotated(
      protocols.drop_invalid(result), margin_px=margin_px
    )
    for result in results
  }
  stand_in = benchmark_files.STAND_IN
  if by_kind:
    detections = {
      name: kinds.rank_by_kind(boxes) for name, boxes in detections.items()
    }
    stand_in = UNKNOWN_KIND
  benchmark_files.write_detections(path, detections, stand_in=stand_in)
