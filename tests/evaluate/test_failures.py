"""The worst false alarms and misses, by hand and against the protocol."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.evaluate.results import NO_MARGIN
from zeroshot.evaluate import failures, protocols
from zeroshot.types import Boxes

FINDERS = (
  failures.worst_false_alarms,
  failures.worst_misses,
  failures.worst_wrong_kinds,
)


def boxes(*xyxy, confidence=None):
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  if confidence is None:
    confidence = np.ones(len(xyxy))
  return Boxes(
    xyxy, np.asarray(confidence, np.float32), ('difference',) * len(xyxy)
  )


def picture(name, truth, detections, valid=None):
  """One of 100 x 120 px; both sides in the annotators' terms."""
  half_open = detections.xyxy + np.float32([0, 0, 1, 1])
  moved = detections._replace(xyxy=half_open)
  return protocols.PictureResult(name, 'g', 100, 120, truth, moved, valid)


def worst(finder, pictures, *, margin_px=0, iou_threshold=0.33, count=99):
  return finder(
    pictures, margin_px=margin_px, iou_threshold=iou_threshold, count=count
  )


def alarms(pictures, **settings):
  return worst(failures.worst_false_alarms, pictures, **settings)


def wrong_kinds(pictures, **settings):
  return worst(failures.worst_wrong_kinds, pictures, **settings)


def label(kinds, *xyxy, confidence=None, sure=None):
  detected = boxes(*xyxy, confidence=confidence)
  sure = None if sure is None else np.asarray(sure, np.float32)
  return detected._replace(kind=tuple(kinds), kind_confidence=sure)


def misses(pictures, **settings):
  return worst(failures.worst_misses, pictures, **settings)


def random_set(count=12):
  random = np.random.default_rng(0)
  pictures = []
  for index in range(count):
    corner = random.integers(5, 60, (random.integers(0, 5), 2))
    truth = np.concatenate([corner, corner + 24], 1)
    moved = truth + random.integers(-12, 13, truth.shape)
    false = random.integers(0, 60, (random.integers(0, 3), 2))
    xyxy = np.concatenate([moved, np.concatenate([false, false + 15], 1)])
    pictures.append(
      picture(
        f'{index:08d}',
        boxes(*truth),
        boxes(*xyxy, confidence=random.random(len(xyxy))),
      )
    )
  return pictures


def test_false_alarms_are_ranked_over_the_whole_set():
  pictures = [
    picture(
      'a',
      boxes([0, 0, 20, 20]),
      boxes(
        [0, 0, 20, 20],  # right
        [50, 50, 60, 60],
        [10, 0, 30, 20],  # IoU 1/3 with truth, which is taken
        confidence=[0.9, 0.25, 0.5],
      ),
    ),
    picture('b', boxes(), boxes([1, 2, 3, 4], confidence=[0.75])),
  ]
  ranked = alarms(pictures)
  assert [(f.name, f.confidence) for f in ranked] == [
    ('b', 0.75),
    ('a', 0.5),
    ('a', 0.25),
  ]
  assert [f.xyxy.tolist() for f in ranked] == [
    [1, 2, 3, 4],
    [10, 0, 30, 20],
    [50, 50, 60, 60],
  ]
  assert [f.best_iou for f in ranked] == [0, 1 / 3, 0]
  assert [f.name for f in alarms(pictures, count=2)] == ['b', 'a']
  assert misses(pictures) == []


def test_misses_are_ranked_by_best_iou_and_then_by_area():
  pictures = [
    picture(
      'a',
      boxes(
        [60, 60, 70, 70],  # untouched, small
        [0, 0, 20, 20],
        [40, 0, 60, 20],
      ),
      boxes([5, 0, 50, 20]),
    ),
    picture('b', boxes([0, 0, 30, 30]), boxes()),  # untouched, large
  ]
  ranked = misses(pictures)
  # The detection shares 200 px with a box, of 1100 in all, and 300 of 1000.
  assert [f.best_iou for f in ranked] == [0, 0, 200 / 1100, 300 / 1000]
  assert [f.name for f in ranked] == ['b', 'a', 'a', 'a']
  assert [f.xyxy[0] for f in ranked] == [0, 60, 40, 0]
  assert all(math.isnan(f.confidence) for f in ranked)
  assert [f.name for f in misses(pictures, count=1)] == ['b']


def test_ties_keep_the_order_of_pictures():
  pictures = [
    picture(
      name,
      boxes([0, 0, 9, 9]),
      boxes([50, 50, 59, 59], confidence=[0.5]),
    )
    for name in 'cab'
  ]
  assert [f.name for f in alarms(pictures)] == ['c', 'a', 'b']
  assert [f.name for f in misses(pictures)] == ['c', 'a', 'b']


def test_a_missed_defect_whose_detection_served_another_shows_its_iou():
  pictures = [
    picture('a', boxes([0, 0, 20, 20], [0, 0, 20, 19]), boxes([0, 0, 20, 20]))
  ]
  (miss,) = misses(pictures)
  assert miss.xyxy.tolist() == [0, 0, 20, 19]
  assert miss.best_iou == 0.95


def test_an_iou_at_the_threshold_is_no_match():
  pictures = [picture('a', boxes([0, 0, 10, 10]), boxes([0, 0, 3.3, 10]))]
  exact = [picture('a', boxes([0, 0, 100, 1]), boxes([0, 0, 33, 1]))]
  assert alarms(pictures, iou_threshold=0.32) == []
  assert alarms(exact)[0].best_iou == 0.33
  assert misses(exact)[0].best_iou == 0.33


def test_the_margin_decides_and_shows_in_alarms_alone():
  pictures = [picture('a', boxes([20, 20, 60, 60]), boxes([30, 30, 50, 50]))]
  assert alarms(pictures)[0].best_iou == 0.25
  assert misses(pictures)[0].best_iou == 0.25
  assert alarms(pictures, margin_px=10) == []
  assert misses(pictures, margin_px=10) == []
  (alarm,) = alarms(pictures, margin_px=60)  # clipped to the picture
  assert alarm.xyxy.tolist() == [0, 0, 110, 99]
  (miss,) = misses(pictures, margin_px=60)
  assert miss.xyxy.tolist() == [20, 20, 60, 60]


def test_boxes_in_the_invalid_area_are_no_failures():
  valid = np.ones((100, 120), np.float32)
  valid[:, :40] = 0
  there = [picture('a', boxes([0, 0, 20, 20]), boxes([10, 50, 30, 70]), valid)]
  assert alarms(there) == misses(there) == []
  # The margin comes after: a box that it takes into the invalid area stays.
  edge = [picture('a', boxes(), boxes([42, 50, 46, 54]), valid)]
  assert alarms(edge, margin_px=20)[0].xyxy.tolist() == [22, 30, 66, 74]


@pytest.mark.parametrize('margin_px', [0, 4])
def test_they_are_as_many_as_the_official_protocol_says(margin_px):
  pictures = random_set()
  metrics = protocols.evaluate_detections(
    pictures,
    iou_threshold=0.33,
    box_margin_px=NO_MARGIN | {'official': margin_px},
    bootstrap_samples=0,
    seed=0,
  ).official
  hits = round(metrics.recall * metrics.num_ground_truth)
  assert 0 < hits < metrics.num_ground_truth
  ranked = alarms(pictures, margin_px=margin_px)
  assert len(ranked) == metrics.num_detections - hits
  missed = misses(pictures, margin_px=margin_px)
  assert len(missed) == metrics.num_ground_truth - hits
  confidence = [f.confidence for f in ranked]
  assert confidence == sorted(confidence, reverse=True)
  assert [m.best_iou for m in missed] == sorted(m.best_iou for m in missed)


def test_wrong_kinds_are_ranked_by_both_confidences():
  places = [0, 0, 20, 20], [40, 0, 60, 20], [80, 0, 100, 20], [0, 60, 20, 80]
  pictures = [
    picture(
      'a',
      label(['open', 'mousebite', 'spur', 'spur'], *places),
      label(
        ['short', 'open', 'Spur', 'difference'],
        *places,
        confidence=[0.75, 0.5, 1, 1],
        sure=[0.5, 1, 1, 1],
      ),
    ),
    picture(
      'b',
      label(['copper'], [0, 0, 20, 20]),
      label(['open'], [0, 0, 20, 15], confidence=[1.0], sure=[0.25]),
    ),
    # Out of place: a false alarm, whatever its name.
    picture('c', boxes(), label(['open'], [0, 0, 9, 9], sure=[1])),
  ]
  ranked = wrong_kinds(pictures)
  assert [
    (f.name, f.true_kind, f.detected_kind, f.confidence, f.best_iou)
    for f in ranked
  ] == [
    ('a', 'mousebite', 'open', 0.5, 1),
    ('a', 'open', 'short', 0.375, 1),
    ('b', 'copper', 'open', 0.25, 0.75),
  ]
  assert ranked[0].xyxy.tolist() == [40, 0, 60, 20]
  assert [f.true_kind for f in wrong_kinds(pictures, count=1)] == ['mousebite']
  assert [alarm.name for alarm in alarms(pictures)] == ['c']
  assert (alarms(pictures)[0].true_kind, misses(pictures)) == ('', [])


def test_what_names_no_kind_names_none_wrongly():
  one = picture(
    'a', label(['open'], [0, 0, 9, 9]), boxes([0, 0, 9, 9], confidence=[0.5])
  )
  assert wrong_kinds([one]) == []


@pytest.mark.parametrize('finder', FINDERS)
def test_nothing_to_show(finder):
  right = picture('c', boxes([0, 0, 9, 9]), boxes([0, 0, 9, 9]))
  wrong = picture(
    'b',
    label(['open', 'spur'], [0, 0, 9, 9], [80, 0, 89, 9]),
    label(['short', 'open'], [0, 0, 9, 9], [50, 50, 59, 59]),
  )
  assert worst(finder, []) == []
  assert worst(finder, [picture('a', boxes(), boxes()), right]) == []
  assert worst(finder, [wrong], count=0) == []
  assert len(worst(finder, [wrong], count=1)) == 1


@pytest.mark.parametrize('finder', FINDERS)
@pytest.mark.parametrize(
  ('setting', 'match'),
  [
    ({'count': -1}, 'count is -1'),
    ({'iou_threshold': 1.0}, 'iou_threshold is 1.0'),
  ],
)
def test_settings_out_of_range(finder, setting, match):
  with pytest.raises(ValueError, match=match):
    worst(finder, [], **setting)
