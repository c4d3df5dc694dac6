"""COCO's AP through pycocotools."""

from __future__ import annotations

import numpy as np
import pytest

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
  figures = coco.summarise([ONE, NONE], [ONE, NONE])
  assert figures | {'note': ''} == pytest.approx(
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
  assert 'at most 100' in figures['note']
  assert capsys.readouterr().out == ''


def test_by_hand():
  # IoU of 0.7: a match at .50 to .70, which is 5 of the 10 thresholds.
  found = boxes([[10, 10, 30, 24], [50, 50, 60, 60]], [0.9, 0.5])
  figures = coco.summarise([ONE], [found])
  assert figures['ap'] == pytest.approx(0.5)
  assert figures['ap_50'] == pytest.approx(1)
  assert (figures['precision'], figures['recall']) == (0.5, 1)
  assert figures['f_score'] == pytest.approx(2 / 3)


def test_a_confident_false_one_costs():
  found = boxes([[10, 10, 30, 30], [50, 50, 60, 60]], [0.5, 0.9])
  assert coco.summarise([ONE], [found])['ap'] == pytest.approx(0.5)


def test_edges():
  missed = coco.summarise([ONE], [NONE])
  assert (missed['ap'], missed['recall'], missed['f_score']) == (0, 0, 0)
  assert np.isnan(missed['precision'])
  false = coco.summarise([NONE], [ONE])
  assert np.isnan([false['ap'], false['ap_50'], false['recall']]).all()
  assert false['precision'] == 0
  nothing = coco.summarise([NONE], [NONE])
  assert np.isnan([nothing['ap'], nothing['precision']]).all()


def test_only_the_hundred_most_confident_count():
  far = np.arange(150)[:, None] * 20 + np.array([100, 0, 110, 10])
  found = boxes(
    np.concatenate([far, ONE.xyxy]), np.append(np.linspace(0.5, 1, 150), 0.1)
  )
  figures = coco.summarise([ONE], [found])
  assert figures['num_detections'] == 100
  assert figures['recall'] == 0
