"""Metrics on synthetic pairs, with detectors that use the truth."""

from __future__ import annotations

import dataclasses
import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot import rng
from zeroshot.detect.boxes import boxes_from_scores
from zeroshot.detect.detector import Detection
from zeroshot.evaluate import synthetic
from zeroshot.evaluate.pixel import pixel_metrics
from zeroshot.registration import register
from zeroshot.synthesis.pairs import build_synthesis
from zeroshot.types import Boxes

KINDS = dict(backgrounds='soft', regions='polygons', fills='constant')


def config():
  """One kind of each family: this compiles in a second or two."""
  result = parts.config()
  for name, kind in KINDS.items():
    parts.only(result, name, kind)
  result.regions.num_min = 3
  return result


@functools.cache
def synthesise():
  return build_synthesis(config())


@pytest.fixture(autouse=True)
def one_compilation(monkeypatch):
  """The same function each time, which is compiled once for this file."""
  monkeypatch.setattr(synthetic, 'build_synthesis', lambda _: synthesise())


def batch(seed=0, first=0):
  """The definition of a batch: keys of the stream of evaluation."""
  keys = rng.example_keys(seed, 'evaluation', 0, first=first, count=8)
  return jax.device_get(jax.jit(synthesise())(keys, None))


def detection(image, xyxy, confidence):
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  boxes = Boxes(
    xyxy,
    np.full(len(xyxy), confidence, np.float32),
    ('difference',) * len(xyxy),
  )
  return Detection(np.zeros(image.shape[:2], np.float32), boxes, None, None)


def change(reference, test):
  return np.abs(test - reference).max(-1)


def knows(reference, test):
  """Boxes round what differs, which without nuisances is the mask."""
  scores = np.minimum(change(reference, test), 1.0)
  boxes = boxes_from_scores(
    scores,
    threshold=0.12,
    min_area_px=1.0,
    join_px=0.0,
    extent_share=0.0,
    hidden_px=0.0,
  )
  return Detection(scores, boxes, None, None)


def errs(reference, test):
  """One box, of a pixel that does not differ at all."""
  y, x = np.argwhere(change(reference, test) == 0)[0]
  return detection(test, [x, y, x + 1, y + 1], 0.25)


def judge(detector, num_pairs=8, seed=0):
  return synthetic.judge_boxes(
    detector, None, config=config(), num_pairs=num_pairs, seed=seed
  )


def test_boxes_on_the_mask_are_true():
  confidence, correct = judge(knows)
  assert len(correct) > 4
  assert correct.dtype == bool
  assert correct.all()
  assert confidence.shape == correct.shape
  assert confidence.dtype == np.float32
  assert confidence.std() > 0.01


def test_boxes_beside_the_mask_are_false():
  confidence, correct = judge(errs)
  np.testing.assert_array_equal(confidence, [0.25] * 8)
  np.testing.assert_array_equal(correct, [False] * 8)


def test_one_pixel_of_truth_in_a_box_is_enough():
  """Within the box's half-open ends only."""
  masks = iter(batch().mask)

  def around(reference, test):
    mask = next(masks)
    size = len(mask)
    if not mask.any():
      return detection(test, [], 0.5)
    y, x = np.argwhere(mask > 0)[0]  # none above it
    return detection(
      test, [[0, 0, size, y], [0, 0, size, y + 1], [x, y, x + 1, y + 1]], 0.5
    )

  _, correct = judge(around)
  num_defective = int(batch().mask.any((1, 2)).sum())
  assert num_defective > 4
  np.testing.assert_array_equal(correct, [False, True, True] * num_defective)


def test_no_box_is_judged():
  confidence, correct = judge(lambda _, test: detection(test, [], 0.5))
  assert confidence.shape == correct.shape == (0,)
  assert confidence.dtype == np.float32
  assert correct.dtype == bool


@pytest.mark.parametrize(('num_pairs', 'num_drawn'), [(0, 0), (3, 8), (9, 16)])
def test_pairs_come_in_whole_batches_of_their_stream(num_pairs, num_drawn):
  pairs = []

  def remembers(reference, test):
    pairs.append((reference, test))
    return errs(reference, test)

  _, correct = judge(remembers, num_pairs=num_pairs, seed=5)
  assert len(correct) == len(pairs) == num_drawn
  for first in range(0, num_drawn, 8):
    expected = batch(seed=5, first=first)
    for index in range(8):
      reference, test = pairs[first + index]
      np.testing.assert_array_equal(reference, expected.reference[index])
      np.testing.assert_array_equal(test, expected.test[index])
  if num_drawn == 16:
    assert np.abs(pairs[0][0] - pairs[8][0]).max() > 0.1


def sees(reference, test):
  """Marks what differs, up to noise."""
  noise = 0.2 * np.abs(np.sin(1000 * test.sum(-1)))
  unmoved = register.register(reference, test, method='none')
  return Detection(change(reference, test) + noise, None, unmoved, None)


def test_where_the_reference_has_no_content_no_pixel_counts():
  def left_half(reference, test):
    valid = np.ones(test.shape[:2], np.float32)
    valid[:, valid.shape[1] // 2 :] = 0
    detection = sees(reference, test)
    scores = np.where(valid > 0, detection.scores, 1 - detection.scores)
    return detection._replace(
      scores=scores,
      registration=dataclasses.replace(
        detection.registration, find_valid=lambda: valid
      ),
    )

  whole, half = (
    synthetic.synthetic_metrics(
      detector, None, config=config(), num_pairs=8, seed=0
    )
    for detector in (sees, left_half)
  )
  assert half.pixel_auroc > 0.6
  assert half.pixel_auroc != whole.pixel_auroc


@pytest.mark.parametrize('num_pairs', [3, 8, 11])
def test_pixel_metrics_are_those_of_so_many_pairs(num_pairs):
  metrics = synthetic.synthetic_metrics(
    sees, None, config=config(), num_pairs=num_pairs, seed=2
  )
  batches = [batch(seed=2), batch(seed=2, first=8)]
  pairs = [
    np.concatenate(field)[:num_pairs]
    for field in zip(*(batch[:3] for batch in batches), strict=True)
  ]
  scores = [sees(*pair).scores for pair in zip(*pairs[:2], strict=True)]
  expected = pixel_metrics(np.stack(scores), pairs[2])
  assert metrics.num_pairs == num_pairs
  assert metrics.pixel_auroc == pytest.approx(expected.auroc)
  assert metrics.pixel_ap == pytest.approx(expected.ap)
  assert 0.6 < metrics.pixel_auroc < 1
