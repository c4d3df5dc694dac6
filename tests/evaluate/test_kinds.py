"""Confusion of kinds and how class-aware metrics rank, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.evaluate.results import NO_MARGIN
from zeroshot.data import deeppcb
from zeroshot.evaluate import kinds, matching, protocols
from zeroshot.types import Boxes

SIX = list(deeppcb.KINDS)


def boxes(*named, confidence=None, sure=None):
  """Squares of 10 px at an x each: ``(0, 'open'), (50, 'short')``."""
  x = np.asarray([place for place, _ in named], np.float32).reshape(-1, 1)
  if confidence is None:
    confidence = np.ones(len(named))
  return Boxes(
    np.concatenate([x, 0 * x, x + 10, 0 * x + 10], axis=1),
    np.asarray(confidence, np.float32),
    tuple(kind for _, kind in named),
    None if sure is None else np.asarray(sure, np.float32),
  )


def cell(table, true, named):
  places = [*table.kinds, kinds.NONE]
  return table.counts[places.index(true), places.index(named)]


def test_the_rank_is_the_product():
  detected = boxes(
    (0, 'open'), (50, 'short'), confidence=[0.5, 0.75], sure=[0.5, 0.25]
  )
  ranked = kinds.rank_by_kind(detected)
  assert ranked.confidence.tolist() == [0.25, 0.1875]
  assert ranked.kind_confidence is None
  assert kinds.rank_by_kind(ranked) is ranked
  assert ranked.kind == detected.kind
  assert len(kinds.rank_by_kind(boxes(sure=[])).confidence) == 0


def test_the_product_brings_no_ties():
  # The two differ by less than float32 resolves.
  tiny = np.float32(1 - 2**-24)
  detected = boxes(
    (0, 'open'), (50, 'open'), confidence=[tiny, tiny], sure=[0.75, 0.75]
  )
  detected.kind_confidence[1] = np.nextafter(np.float32(0.75), np.float32(0))
  first, second = kinds.rank_by_kind(detected).confidence
  assert first == float(tiny) * 0.75 > second


def test_names_are_the_six_and_what_else_there_is():
  assert kinds.names([]) == deeppcb.KINDS
  names = kinds.names([boxes((0, 'Scratch')), boxes((0, 'OPEN'), (9, 'burr'))])
  assert names == (*deeppcb.KINDS, 'burr', 'scratch')


def test_confusion_by_hand():
  truth = [
    boxes((0, 'open'), (50, 'open'), (100, 'short'), (200, 'spur')),
    boxes((0, 'mousebite')),
  ]
  detections = [
    boxes(
      (50, 'short'),  # wrong
      (0, 'Open'),  # right: case does not count
      (100, 'difference'),  # not known
      (400, 'copper'),  # false alarm
    ),
    boxes((0, 'mousebite')),
  ]
  table = kinds.confusion(truth, detections, iou_threshold=0.33)
  assert table.kinds == (*SIX, 'difference')
  assert table.counts.shape == (8, 8)
  assert table.counts.sum() == 6
  for true, named in (
    ('open', 'open'),
    ('open', 'short'),
    ('short', 'difference'),
    ('spur', 'none'),
    ('none', 'copper'),
    ('mousebite', 'mousebite'),
  ):
    assert cell(table, true, named) == 1
  assert kinds.kind_accuracy(table) == 2 / 4


def test_a_right_kind_lies_on_the_diagonal():
  one = [boxes((0, 'spur'))]
  confusion = kinds.confusion(one, one, iou_threshold=0.33)
  assert kinds.kind_accuracy(confusion) == 1
  assert list(confusion.kinds) == SIX
  assert np.argwhere(confusion.counts).tolist() == [[3, 3]]


def test_kinds_and_their_sureness_do_not_decide_who_is_paired():
  truth = [boxes((0, 'open'))]
  baselines = boxes(
    (1, 'open'), (2, 'short'), confidence=[0.5, 0.75], sure=[1, 0.125]
  )
  table = kinds.confusion(truth, [baselines], iou_threshold=0.33)
  assert cell(table, 'open', 'short') == cell(table, 'none', 'open') == 1
  assert kinds.kind_accuracy(table) == 0


def test_nothing_known_is_nothing_right():
  truth = [boxes((0, 'open'), (50, 'spur'))]
  detections = [boxes((0, 'difference'), (300, 'difference'))]
  table = kinds.confusion(truth, detections, iou_threshold=0.33)
  assert cell(table, 'open', 'difference') == 1
  assert cell(table, 'none', 'difference') == 1
  assert cell(table, 'spur', 'none') == 1
  assert kinds.kind_accuracy(table) == 0


@pytest.mark.parametrize(
  ('truth', 'detections', 'total'),
  [
    ([], [], 0),
    ([boxes()], [boxes()], 0),
    ([boxes((0, 'open'))], [boxes()], 1),
    ([boxes()], [boxes((0, 'open'))], 1),
  ],
)
def test_without_a_pair_accuracy_is_undefined(truth, detections, total):
  table = kinds.confusion(truth, detections, iou_threshold=0.33)
  assert table.counts.sum() == total
  assert table.counts[:-1, :-1].sum() == 0
  assert math.isnan(kinds.kind_accuracy(table))


def test_the_margins_of_the_table_are_the_one_class_figures():
  random = np.random.default_rng(0)

  def draw(count):
    x = random.integers(0, 200, count)
    named = random.choice(SIX, count)
    return boxes(*zip(x, named, strict=True), confidence=random.random(count))

  truth, detections = ([draw(n) for n in (9, 0, 5, 7)] for _ in range(2))
  table = kinds.confusion(truth, detections, iou_threshold=0.33)
  matches = matching.match_set(truth, detections, iou_threshold=0.33)
  assert table.counts[:-1, :-1].sum() == matches.correct.sum() > 0
  assert table.counts[-1].sum() == (~matches.correct).sum() > 0
  pooled = [kind for known in truth for kind in known.kind]
  assert table.counts[:-1].sum(1).tolist() == [pooled.count(k) for k in SIX]
  aware = matching.match_set(
    truth, detections, iou_threshold=0.33, class_aware=True
  )
  assert np.trace(table.counts) == aware.correct.sum()


def test_two_that_nobody_named_do_not_agree():
  box = np.array([[10, 10, 40, 40]], np.float32)
  one = Boxes(box, np.ones(1, np.float32), ('difference',))
  truth = kinds.clear_kinds(one)
  assert truth.kind == ('unnamed',)
  counted = kinds.confusion([truth], [one], iou_threshold=0.33)
  assert kinds.kind_accuracy(counted) == 0.0
  result = protocols.PictureResult('a', 'g', 64, 64, one, one)
  metrics = protocols.evaluate_detections(
    [result],
    iou_threshold=0.33,
    box_margin_px=NO_MARGIN,
    bootstrap_samples=0,
    seed=0,
  )
  assert metrics.official.ap == 1.0
  assert metrics.official_6.ap == 0.0
  assert metrics.official_6.kind_accuracy == 0.0
  assert metrics.coco_6.ap == 0.0
