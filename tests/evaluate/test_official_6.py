"""The class-aware protocols, by hand and against the benchmark's own cases."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.evaluate.results import evaluate
from zeroshot.evaluate import protocols, scoring
from zeroshot.runtime import json_text
from zeroshot.types import Boxes


def boxes(*rows, sure=None):
  """Rows of ``x1, y1, x2, y2, confidence, kind``."""
  return Boxes(
    np.asarray([r[:4] for r in rows], np.float32).reshape(-1, 4),
    np.asarray([r[4] for r in rows], np.float32),
    tuple(r[5] for r in rows),
    None if sure is None else np.asarray(sure, np.float32),
  )


def square(x, kind, confidence=1.0):
  return (x, 0, x + 20, 20, confidence, kind)


def picture(name, truth, detections, group='g'):
  """Both sides in the annotators' terms."""
  half_open = detections.xyxy + np.float32([0, 0, 1, 1])
  return protocols.PictureResult(
    name, group, 9999, 9999, truth, detections._replace(xyxy=half_open)
  )


ONE_OF_EACH = [
  picture(
    'a',
    boxes(square(0, 'open'), square(50, 'short'), square(100, 'spur')),
    boxes(
      square(0, 'open', 0.5),
      square(50, 'copper', 0.75),  # wrong kind
      square(200, 'open', 0.25),  # false alarm
    ),
  )
]


def test_by_hand():
  metrics = evaluate(ONE_OF_EACH)
  six, one = metrics['official-6'], metrics['official']
  assert (one['precision'], one['recall']) == (2 / 3, 2 / 3)
  assert (six['precision'], six['recall']) == (1 / 3, 1 / 3)
  assert six['f_score'] == pytest.approx(1 / 3)
  assert one['ap'] == pytest.approx((1 + 1) / 3)
  assert six['ap'] == pytest.approx((1 / 2) / 3)  # the right one is second
  assert six['kind_accuracy'] == 1 / 2
  assert six['kinds']['open']['ap'] == 1
  assert six['voc_mean_ap'] == six['voc_mean_ap_50'] == pytest.approx(1 / 3)
  assert math.isnan(six['kinds']['copper']['ap'])
  assert six['groups']['g']['ap'] == six['ap'] == six['ap_75']
  assert six['max_recall'] == 1 / 3
  assert sum(six['reliability']['num_detections']) == 3


def test_it_ranks_by_confidence_and_kind_together():
  truth = boxes(square(0, 'open'))
  detected = boxes(
    square(0, 'open', 0.5), square(200, 'short', 0.75), sure=[1.0, 0.5]
  )
  metrics = evaluate([picture('a', truth, detected)])
  assert metrics['official']['ap'] == 0.5
  assert metrics['official-6']['ap'] == 1
  assert metrics['coco']['ap'] == pytest.approx(0.5)
  assert metrics['coco-6']['ap'] == pytest.approx(1)
  plain = evaluate(
    [picture('a', truth, detected._replace(kind_confidence=None))]
  )
  assert plain['official-6']['ap'] == 0.5
  # Among the boxes of a kind, too.
  same = detected._replace(kind=('open', 'open'))
  six = evaluate([picture('a', truth, same)])['official-6']
  assert six['kinds']['open']['ap'] == six['voc_mean_ap'] == 1


def test_one_class_protocols_know_of_no_kinds():
  random = np.random.default_rng(0)
  detected = ONE_OF_EACH[0].detections
  for sure in (None, random.random(3).astype(np.float32)):
    other = detected._replace(
      kind=tuple(random.permutation(detected.kind)), kind_confidence=sure
    )
    changed = evaluate([ONE_OF_EACH[0]._replace(detections=other)])
    for name in ('official', 'shrunk', 'as-published', 'coco'):
      np.testing.assert_equal(changed[name], evaluate(ONE_OF_EACH)[name])


def test_the_threshold_is_of_the_plain_confidence():
  detected = boxes(
    square(0, 'open', 0.75), square(50, 'short', 0.25), sure=[0.25, 1.0]
  )
  pictures = [picture('a', boxes(square(0, 'open')), detected)]
  metrics = evaluate(pictures, threshold=0.5)
  for name in ('official', 'official-6'):
    assert metrics[name]['at_threshold'] == {
      'threshold': 0.5,
      'precision': 1,
      'recall': 1,
      'f_score': 1,
      'num_detections': 1,
    }


def test_nothing_is_guessed_where_no_kind_is_known():
  detected = ONE_OF_EACH[0].detections._replace(kind=('difference',) * 3)
  metrics = evaluate([ONE_OF_EACH[0]._replace(detections=detected)])
  six = metrics['official-6']
  for name in ('ap', 'precision', 'recall', 'f_score', 'kind_accuracy'):
    assert six[name] == 0
  assert six['voc_mean_ap'] == metrics['coco-6']['ap'] == 0
  assert six['confusion']['kinds'][-1] == 'difference'
  np.testing.assert_equal(
    metrics['official'], evaluate(ONE_OF_EACH)['official']
  )


def test_the_three_accounts_of_right_kinds_agree():
  six = evaluate(ONE_OF_EACH)['official-6']
  counts = np.array(six['confusion']['counts'])
  paired = counts[:-1, :-1]
  assert np.trace(paired) == six['precision'] * six['num_detections']
  assert six['kind_accuracy'] == np.trace(paired) / paired.sum()
  for kind, row in zip(six['confusion']['kinds'], counts, strict=False):
    assert row.sum() == six['kinds'][kind]['num_ground_truth']
  assert counts[:, :-1].sum(0).tolist() == [
    metrics['num_detections'] for metrics in six['kinds'].values()
  ]


def test_undefined_is_null_in_json():
  text = json_text.to_json(evaluate([picture('a', boxes(), boxes())]))
  metrics = json.loads(text)
  six = metrics['official-6']
  for name in ('ap', 'kind_accuracy', 'voc_mean_ap', 'voc_mean_ap_50'):
    assert six[name] is None
  assert six['kinds']['open']['ap'] is None
  assert np.sum(six['confusion']['counts']) == 0
  assert metrics['coco-6']['ap'] is None


@pytest.mark.parametrize('index', range(20))
def test_conformance(shared, index):
  path = shared / 'protocol' / 'conformance_cases.json'
  case = json.loads(path.read_text())[index]
  pictures = [
    picture(
      name,
      boxes(*([*row[:4], 1.0, row[4]] for row in rows)),
      boxes(*case['detections'].get(name, [])),
    )
    for name, rows in case['ground_truth'].items()
  ]
  six = evaluate(pictures)['official-6']
  assert {
    'precision': six['precision'],
    'recall': six['recall'],
    'hmean': six['f_score'],
    'AP': six['ap'],
  } == pytest.approx(case['expected'], abs=1e-9, rel=0)


def test_it_is_the_benchmarks_score_of_the_product():
  random = np.random.default_rng(1)
  words = ('open', 'short', 'pin-hole')

  def draw(count, sure=None):
    return boxes(
      *(
        (x, y, x + 20, y + 20, random.random(), random.choice(words))
        for x, y in random.integers(0, 60, (count, 2)).tolist()
      ),
      sure=sure,
    )

  pictures = [
    picture(str(i), draw(6), draw(9, random.random(9))) for i in range(8)
  ]
  expected = scoring.score_set(
    {p.name: p.truth for p in pictures},
    {
      p.name: p.detections._replace(
        xyxy=p.detections.xyxy - np.float32([0, 0, 1, 1]),
        confidence=p.detections.confidence.astype(float)
        * p.detections.kind_confidence,
      )
      for p in pictures
    },
  )
  six = evaluate(pictures)['official-6']
  assert 0 < six['ap'] < 1
  assert six['ap'] == expected['AP']
  assert six['precision'] == expected['precision']
