"""The protocols, side by side, by hand and on the real annotations."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.evaluate.results import (
  NO_MARGIN,
  boxes,
  evaluate,
  half_open,
  picture,
  random_set,
)
from tests.experiments.expected import METRICS
from zeroshot.data import deeppcb
from zeroshot.evaluate import protocols, scoring
from zeroshot.runtime import json_text

DETAILS = {
  'ap_50',
  'ap_75',
  'max_recall',
  'pr_curve',
  'interval_95',
  'groups',
  'reliability',
}


def test_every_protocol_reports_its_figures():
  metrics = evaluate(random_set())
  assert list(metrics) == [
    'official',
    'official-6',
    'shrunk',
    'as-published',
    'coco',
    'coco-6',
  ]
  assert set(metrics['official']) == METRICS | DETAILS
  assert set(metrics['official-6']) == METRICS | DETAILS | {
    'kinds',
    'voc_mean_ap',
    'voc_mean_ap_50',
    'kind_accuracy',
    'confusion',
  }
  assert set(metrics['shrunk']) == METRICS
  assert set(metrics['as-published']) == METRICS | {'note'}
  for name in ('coco', 'coco-6'):
    assert set(metrics[name]) == METRICS | {'ap_50', 'note'}
  assert metrics['as-published']['note'] == 'oracle-ranked, as published'
  assert set(metrics['official']['groups']) == {'group0', 'group1', 'group2'}
  for group in metrics['official']['groups'].values():
    assert set(group) == METRICS


def test_every_protocol_has_its_own_margin():
  # The truth leaves 10 px of room on every side of the found box.
  pictures = [picture('a', boxes([20, 20, 60, 60]), boxes([30, 30, 50, 50]))]
  metrics = evaluate(pictures)
  aps = {name: values['ap'] for name, values in metrics.items()}
  assert aps == pytest.approx(
    {
      'official': 0,
      'official-6': 0,
      'shrunk': 1,
      'as-published': 1,
      'coco': 0,
      'coco-6': 0,
    }
  )
  for key, names in {
    'official': ('official', 'official-6'),
    'shrunk': ('shrunk',),
    'as_published': ('as-published',),
    'coco': ('coco', 'coco-6'),
  }.items():
    changed = evaluate(pictures, box_margin_px=NO_MARGIN | {key: 10})
    aps_changed = {other: values['ap'] for other, values in changed.items()}
    assert aps_changed == pytest.approx(
      aps | {name: 1 - aps[name] for name in names}
    )


def test_margins_are_clipped_to_the_picture():
  pictures = [picture('a', boxes([0, 0, 120, 100]), boxes([1, 1, 119, 99]))]
  metrics = evaluate(pictures, box_margin_px=NO_MARGIN | {'coco': 500})
  assert metrics['coco']['ap'] == pytest.approx(1)


def test_as_published_ranks_by_the_answer():
  # A confident false detection costs an honest ranking half of its AP.
  pictures = [
    picture(
      'a',
      boxes([20, 20, 60, 60]),
      boxes([30, 30, 50, 50], [80, 80, 90, 90], confidence=[0.2, 0.9]),
    )
  ]
  metrics = evaluate(pictures)
  assert metrics['shrunk']['ap'] == 0.5
  assert metrics['as-published']['ap'] == 1
  assert metrics['as-published']['precision'] == 0.5


def test_official_agrees_with_the_benchmark():
  pictures = random_set()
  metrics = evaluate(pictures)['official']
  expected = scoring.score_set(
    {p.name: p.truth for p in pictures},
    {p.name: p.detections for p in pictures},
    iou_threshold=0.33,
    class_aware=False,
  )
  assert metrics['ap'] == expected['AP']
  assert metrics['precision'] == expected['precision']
  assert metrics['recall'] == expected['recall']
  assert metrics['f_score'] == expected['hmean']
  assert 0 < metrics['ap'] < 1


def test_invalid_boxes_count_in_no_protocol():
  valid = np.ones((100, 120), np.float32)
  valid[:, :40] = 0
  truth = boxes([0, 0, 30, 30], [60, 60, 90, 90])
  detections = boxes([0, 40, 30, 70], [60, 60, 90, 90], confidence=[0.9, 0.5])
  honest = evaluate([picture('a', truth, detections)])
  masked = evaluate([picture('a', truth, detections, valid=valid)])
  for name in ('official', 'coco'):
    assert honest[name]['ap'] < 0.6
    assert masked[name]['ap'] == pytest.approx(1)
  for metrics in masked.values():
    assert metrics['num_ground_truth'] == 1
    assert metrics['num_detections'] == 1


def test_edges():
  nothing = evaluate([picture('a', boxes(), boxes())])
  for metrics in nothing.values():
    assert math.isnan(metrics['ap'])
    assert metrics['num_images'] == 1
  assert math.isnan(nothing['official']['max_recall'])
  missed = evaluate([picture('a', boxes([0, 0, 9, 9]), boxes())])
  for metrics in missed.values():
    assert (metrics['ap'], metrics['recall']) == (0, 0)
    assert math.isnan(metrics['precision'])
  assert missed['official']['max_recall'] == 0
  false = evaluate([picture('a', boxes(), boxes([0, 0, 9, 9]))])
  for metrics in false.values():
    assert math.isnan(metrics['ap'])
    assert metrics['precision'] == 0


def test_undefined_is_null_in_json():
  text = json_text.to_json(evaluate([picture('a', boxes(), boxes())]))
  metrics = json.loads(text)
  assert metrics['official']['ap'] is None
  assert metrics['official']['interval_95'] == [None, None]
  assert metrics['coco']['ap'] is None


def test_a_set_that_cannot_be_scored_is_refused():
  one = picture('a', boxes(), boxes())
  with pytest.raises(ValueError, match='no picture'):
    evaluate([])
  with pytest.raises(ValueError, match='listed twice: a'):
    evaluate([one, one])
  with pytest.raises(ValueError, match='a: valid has shape'):
    evaluate([one._replace(valid=np.ones((3, 3)))])
  with pytest.raises(ValueError, match='box_margin_px has'):
    evaluate([one], box_margin_px={'official': 0})
  with pytest.raises(ValueError, match='iou_threshold is 33'):
    evaluate([one], iou_threshold=33)


def test_a_perfect_detector_on_the_real_annotations(shared):
  entries = deeppcb.list_pairs(
    shared / 'deeppcb' / 'PCBData', 'trainval', max_pairs=200
  )
  pictures = []
  for entry in entries:
    truth = deeppcb.read_annotations(entry.annotation_path)
    pictures.append(
      protocols.PictureResult(
        entry.name, entry.group, 640, 640, truth, half_open(truth), None
      )
    )
  metrics = evaluate(pictures)
  official = metrics['official']
  assert official['ap'] == official['precision'] == official['recall'] == 1
  assert official['ap_75'] == 1
  assert official['interval_95'] == [1, 1]
  assert metrics['coco']['ap'] == pytest.approx(1)
  # A whole box and the same at half its sides have an IoU of a quarter.
  assert metrics['shrunk']['ap'] < 0.1
