"""Conformance with the DeepPCB benchmark."""

from __future__ import annotations

import json

import numpy as np
import pytest

from zeroshot.evaluate import scoring
from zeroshot.types import Boxes


def truth_boxes(rows):
  return Boxes(
    np.asarray([r[:4] for r in rows], np.float32).reshape(-1, 4),
    np.ones(len(rows), np.float32),
    tuple(r[-1] for r in rows),
  )


def found_boxes(rows):
  return truth_boxes(rows)._replace(
    confidence=np.asarray([r[4] for r in rows], np.float32)
  )


def score_case(case, **settings):
  return scoring.score_set(
    {n: truth_boxes(rows) for n, rows in case['ground_truth'].items()},
    {n: found_boxes(rows) for n, rows in case['detections'].items()},
    **settings,
  )


@pytest.fixture(scope='module')
def cases(shared):
  path = shared / 'protocol' / 'conformance_cases.json'
  return json.loads(path.read_text())


@pytest.mark.parametrize('index', range(20))
def test_conformance(cases, index):
  assert len(cases) == 20
  case = cases[index]
  assert score_case(case) == pytest.approx(case['expected'], abs=1e-9, rel=0)


def test_leaving_out_the_classes_never_lowers_a_figure(cases):
  changed = 0
  for case in cases:
    aware, blind = score_case(case), score_case(case, class_aware=False)
    assert all(blind[key] >= aware[key] for key in aware)
    changed += blind != aware
  assert changed > 5


def test_by_hand():
  truth = {
    'a': truth_boxes([[0, 0, 10, 10, 'open']]),
    'b': truth_boxes([[0, 0, 10, 10, 'short']]),
  }
  detections = {'a': found_boxes([[0, 0, 10, 8, 0.5, 'Open']])}
  assert scoring.score_set(truth, detections) == {
    'precision': 1,
    'recall': 0.5,
    'hmean': pytest.approx(2 / 3),
    'AP': 0.5,
  }
  assert scoring.score_set(truth, detections, iou_threshold=0.8)['AP'] == 0


def test_a_detection_where_nothing_is_counts_as_false():
  truth = {
    'a': truth_boxes([[0, 0, 10, 10, 'open']]),
    'empty': truth_boxes([]),
  }
  hit, miss = [0, 0, 10, 10, 0.5, 'open'], [0, 0, 10, 10, 0.9, 'open']
  metrics = scoring.score_set(
    truth, {'a': found_boxes([hit]), 'empty': found_boxes([miss])}
  )
  assert (metrics['precision'], metrics['AP']) == (0.5, 0.5)


def test_unknown_pictures_and_an_empty_set_are_refused():
  one = {'a': truth_boxes([])}
  with pytest.raises(ValueError, match='unknown pictures: x'):
    scoring.score_set(one, {'x': found_boxes([])})
  with pytest.raises(ValueError, match='no picture'):
    scoring.score_set({}, {})
