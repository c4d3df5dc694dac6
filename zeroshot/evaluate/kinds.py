"""Whether boxes that lie in the right place have the right kind.

  boxes = kinds.rank_by_kind(boxes)  # as every class-aware metric ranks
  confusion = kinds.confusion(truth, detections, iou_threshold=0.33)
  kinds.kind_accuracy(confusion)

Kinds are compared as DeepPCB's benchmark does: case does not count. A kind of
``'difference'`` says that nobody knows: as a detection's it is never right, as
an annotation's nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.data import deeppcb
from zeroshot.evaluate import matching
from zeroshot.evaluate.average_precision import ratio
from zeroshot.types import UNKNOWN_KIND, Boxes, HostArray

UNNAMED = 'unnamed'  # annotations whose kind nobody said
NONE = 'none'  # the other side of a box without a partner


class Confusion(NamedTuple):
  """How often boxes of each true kind were detected as each kind.

  Attributes:
    kinds: ``n`` names: DeepPCB's six, then all others that occur.
    counts: int64 ``[n + 1, n + 1]``. Rows are the true kinds, columns the
      detected ones, in the order of ``kinds``. The last row counts false
      alarms, the last column missed defects; where the two meet is always 0.
  """

  kinds: tuple[str, ...]
  counts: HostArray


def rank_by_kind(boxes: Boxes) -> Boxes:
  """Detections with the confidence that class-aware metrics rank by.

  A box is right there if it is a true difference and of its kind; how sure a
  kind is says so given the former, hence the probability is their product. In
  float64 it is exact, so that it brings no ties.

  Args:
    boxes: detections of one picture.

  Returns:
    The same boxes in the same order with ``confidence * kind_confidence`` as
    confidence, float64 ``[K]`` in [0, 1], and no ``kind_confidence`` any more;
    the very boxes where they have none.
  """
  if boxes.kind_confidence is None:
    return boxes
  product = np.asarray(boxes.confidence, np.float64) * boxes.kind_confidence
  return boxes._replace(confidence=product, kind_confidence=None)


def clear_kinds(truth: Boxes) -> Boxes:
  """Annotations, those of no kind with a word that no detection has.

  Else two that both do not know would count as agreeing.

  Args:
    truth: annotations of one picture.

  Returns:
    The same with ``'unnamed'`` in the place of ``'difference'``.
  """
  return truth._replace(
    kind=tuple(
      UNNAMED if kind.casefold() == UNKNOWN_KIND else kind
      for kind in truth.kind
    )
  )


def is_kind(boxes: Boxes, kind: str) -> HostArray:
  """Which boxes are of a kind.

  Args:
    boxes: of one picture.
    kind: one of ``names``, lower-case.

  Returns:
    Bool ``[K]``; the case of the boxes' own words does not count.
  """
  return np.asarray([k.casefold() == kind for k in boxes.kind], bool)


def names(pictures: Sequence[Boxes]) -> tuple[str, ...]:
  """DeepPCB's six kinds in its order, then all others that occur, sorted.

  Args:
    pictures: the boxes of each picture, annotations and detections alike.

  Returns:
    Lower-case words.
  """
  present = {kind.casefold() for boxes in pictures for kind in boxes.kind}
  return (*deeppcb.KINDS, *sorted(present - set(deeppcb.KINDS)))


def confusion(
  truth: Sequence[Boxes], detections: Sequence[Boxes], *, iou_threshold: float
) -> Confusion:
  """Counts the pairs of true and detected kinds.

  Boxes are paired as in the one-class protocol, by geometry and their plain
  confidence: kinds, and how sure they are, play no part. The row ``none`` so
  counts its false alarms and the column ``none`` its misses.

  Args:
    truth: the ground truth of each picture.
    detections: the detections of the same pictures, in the same order.
    iou_threshold: a pair needs an IoU strictly over it; in [0, 1).

  Returns:
    The counts, with every detection submitted.
  """
  kinds = names([*truth, *detections])
  index = {kind: i for i, kind in enumerate(kinds)}
  none = len(kinds)
  counts = np.zeros((none + 1, none + 1), np.int64)
  for annotated, detected in zip(truth, detections, strict=True):
    partner = matching.match_picture(
      annotated.xyxy,
      detected.xyxy,
      detected.confidence,
      iou_threshold=iou_threshold,
    )
    # The last entry is what the partner -1, no partner, picks.
    row = np.asarray([*(index[k.casefold()] for k in annotated.kind), none])
    column = np.asarray([index[k.casefold()] for k in detected.kind], np.int64)
    np.add.at(counts, (row[partner], column), 1)
    missed = np.setdiff1d(np.arange(len(annotated.xyxy)), partner)
    np.add.at(counts, (row[missed], none), 1)
  return Confusion(kinds, counts)


def kind_accuracy(confusion: Confusion) -> float:
  """Share of right kinds among the boxes that lie in the right place.

  Args:
    confusion: see ``confusion``.

  Returns:
    In [0, 1]; NaN where no box was paired.
  """
  paired = confusion.counts[:-1, :-1]
  return ratio(int(np.trace(paired)), int(paired.sum()))
