"""COCO's AP through pycocotools."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect.boxes import select
from zeroshot.evaluate import coco
from zeroshot.types import Boxes


def boxes(xyxy, confidence=None):
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  if confidence is None:
    confidence = np.ones(len(xyxy), np.float32)
  return Boxes(xyxy, np.asarray(confidence), ('defect',) * len(xyxy))


ONE = boxes([[10, 10, 30, 30]])
NONE = boxes([])


def test_perfect_and_quiet(capsys):
  metrics = coco.summarise([ONE, NONE], [ONE, NONE])
  assert metrics.to_json() | {'note': ''} == pytest.approx(
    {
      'ap': 1,
      'ap_50': 1,
      'precision': 1,
      'recall': 1,
      'f_score': 1,
      'num_images': 2,
      'num_ground_truth': 1,
      'num_detections': 1,
      'note': '',
    }
  )
  assert 'at most 100' in metrics.note
  assert capsys.readouterr().out == ''


def test_by_hand():
  # IoU of 0.7: a match at .50 to .70, which is 5 of the 10 thresholds.
  detections = boxes([[10, 10, 30, 24], [50, 50, 60, 60]], [0.9, 0.5])
  metrics = coco.summarise([ONE], [detections])
  assert metrics.ap == pytest.approx(0.5)
  assert metrics.ap_50 == pytest.approx(1)
  assert (metrics.precision, metrics.recall) == (0.5, 1)
  assert metrics.f_score == pytest.approx(2 / 3)


def test_a_confident_false_one_costs():
  detections = boxes([[10, 10, 30, 30], [50, 50, 60, 60]], [0.5, 0.9])
  assert coco.summarise([ONE], [detections]).ap == pytest.approx(0.5)


def test_edges():
  missed = coco.summarise([ONE], [NONE])
  assert (missed.ap, missed.recall, missed.f_score) == (0, 0, 0)
  assert np.isnan(missed.precision)
  false = coco.summarise([NONE], [ONE])
  assert np.isnan([false.ap, false.ap_50, false.recall]).all()
  assert false.precision == 0
  nothing = coco.summarise([NONE], [NONE])
  assert np.isnan([nothing.ap, nothing.precision]).all()


def test_only_the_hundred_most_confident_count():
  far = np.arange(150)[:, None] * 20 + np.array([100, 0, 110, 10])
  detections = boxes(
    np.concatenate([far, ONE.xyxy]), np.append(np.linspace(0.5, 1, 150), 0.1)
  )
  metrics = coco.summarise([ONE], [detections])
  assert metrics.num_detections == 100
  assert metrics.recall == 0


def test_one_class_is_told_so():
  assert 'one class' in coco.summarise([ONE], [ONE]).note
  assert 'over the kinds' in coco.summarise([ONE], [ONE], by_kind=True).note


def label(xyxy, kinds, confidence=None):
  return boxes(xyxy, confidence)._replace(kind=tuple(kinds))


def test_by_kind_it_is_the_mean_of_the_kinds():
  two = [[10, 10, 30, 30], [50, 50, 70, 70]]
  truth = label(two, ['open', 'short'])
  wrong = label(two, ['Open', 'spur'], [0.5, 0.9])
  metrics = coco.summarise([truth], [wrong], by_kind=True)
  # The spur, of which there is none, costs precision and no AP.
  for name in ('ap', 'ap_50'):
    assert getattr(metrics, name) == pytest.approx((1 + 0) / 2)
  assert (metrics.precision, metrics.recall) == (0.5, 0.5)
  assert metrics.num_detections == 2
  assert coco.summarise([truth], [wrong]).ap == pytest.approx(1)
  right = coco.summarise([truth, NONE], [truth, NONE], by_kind=True)
  assert right.ap == pytest.approx(1)
  assert right.precision == right.recall == 1


def test_by_kind_each_is_the_set_of_that_kind():
  random = np.random.default_rng(0)
  words = ('open', 'short', 'spur')

  def draw(count):
    corner = random.integers(0, 30, (count, 2))
    return label(
      np.concatenate([corner, corner + 20], 1),
      random.choice(words, count),
      random.random(count),
    )

  truth, detections = ([draw(8) for _ in range(5)] for _ in range(2))
  metrics = coco.summarise(truth, detections, by_kind=True)

  def only(pictures, kind):
    return [
      select(one, np.asarray([k == kind for k in one.kind])) for one in pictures
    ]

  alone = [coco.summarise(only(truth, k), only(detections, k)) for k in words]
  for name in ('ap', 'ap_50'):
    assert 0 < getattr(metrics, name) < 1
    assert getattr(metrics, name) == pytest.approx(
      np.mean([getattr(one, name) for one in alone])
    )
  hits = [one.recall * one.num_ground_truth for one in alone]
  assert metrics.recall * 40 == pytest.approx(sum(hits))


def test_by_kind_a_hundred_of_each_count():
  far = np.arange(150)[:, None] * 20 + np.array([100, 0, 110, 10])
  detections = label(far, ['open'] * 120 + ['short'] * 30)
  metrics = coco.summarise([ONE], [detections], by_kind=True)
  assert metrics.num_detections == 100 + 30
