"""Boxes shrunk and kept."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import box_shapes
from zeroshot.types import Boxes


def boxes(*xyxy):
  count = len(xyxy)
  return Boxes(
    np.asarray(xyxy, np.float32).reshape(-1, 4),
    np.linspace(0, 1, count, dtype=np.float32),
    tuple('abcdefgh'[:count]),
  )


def test_shrunk_by_hand():
  shrunk = box_shapes.shrink(boxes([0, 0, 8, 4], [1, 1, 4, 6]))
  assert shrunk.xyxy.tolist() == [[2, 1, 6, 3], [1.75, 2.25, 3.25, 4.75]]


def test_shrunk_keeps_the_centre_and_quarters_the_area():
  random = np.random.default_rng(0)
  corner = random.random((20, 2)) * 100
  whole = boxes(*np.concatenate([corner, corner + 1 + corner[::-1]], 1)[:8])
  half = box_shapes.shrink(whole).xyxy
  full = whole.xyxy
  np.testing.assert_allclose(
    half[:, :2] + half[:, 2:], full[:, :2] + full[:, 2:], rtol=1e-5
  )
  np.testing.assert_allclose(
    np.prod(half[:, 2:] - half[:, :2], 1) * 4,
    np.prod(full[:, 2:] - full[:, :2], 1),
    rtol=1e-4,
  )


def test_nothing_stays_nothing():
  valid = np.ones((5, 5), np.float32)
  for result in (
    box_shapes.shrink(boxes()),
    box_shapes.drop_invalid(boxes(), valid),
  ):
    assert result.xyxy.shape == (0, 4)
    assert result.kind == ()


def test_as_annotated_grows_and_names_the_last_pixel():
  detections = boxes([20, 30, 40, 45], [0, 2, 5, 10])
  after = box_shapes.as_annotated(detections, margin_px=10, height=60, width=45)
  assert after.xyxy.tolist() == [[10, 20, 44, 54], [0, 0, 14, 19]]
  assert after.xyxy.dtype == np.float32
  np.testing.assert_array_equal(after.confidence, detections.confidence)


def test_as_annotated_turns_no_box_inside_out():
  thin = boxes([3, 3, 4, 9])
  after = box_shapes.as_annotated(thin, margin_px=0, height=20, width=20)
  assert after.xyxy.tolist() == [[3, 3, 3, 8]]
  after = box_shapes.as_annotated(thin, margin_px=-2, height=20, width=20)
  assert after.xyxy.tolist() == [[3.5, 5, 3.5, 6]]


def test_inside_without_a_mask_drops_nothing():
  beyond = boxes([-30, -30, -10, -10], [0, 0, 10, 10])
  assert box_shapes.drop_invalid(beyond, None) is beyond


def test_inside_drops_more_than_half():
  valid = np.ones((20, 30), np.float32)
  valid[:, :10] = 0
  kept = box_shapes.drop_invalid(
    boxes(
      [0, 0, 10, 10],  # all invalid
      [5, 0, 15, 10],  # half and half: kept
      [4, 0, 14, 10],  # more than half invalid
      [5.1, 0.5, 15.1, 7.25],  # between pixels, less than half
      [10, 0, 30, 20],  # all valid
      [25, 0, 36, 5],  # beyond the picture, more than half
    ),
    valid,
  )
  assert kept.kind == ('b', 'd', 'e')
  assert kept.confidence.tolist() == pytest.approx([0.2, 0.6, 0.8])
  assert kept.xyxy[0].tolist() == [5, 0, 15, 10]


def test_inside_counts_area_as_loops_do():
  random = np.random.default_rng(0)
  valid = (random.random((12, 14)) < 0.5).astype(np.float32)
  fine = valid.repeat(4, 0).repeat(4, 1)  # quarters of a pixel
  corner = random.integers(0, 40, (200, 2)) / 4
  xyxy = np.concatenate(
    [corner, corner + random.integers(1, 10, (200, 2)) / 4], 1
  )
  for box in xyxy:
    x1, y1, x2, y2 = (4 * box).astype(int)
    patch = fine[y1:y2, x1:x2]
    expected = 2 * patch.sum() >= (x2 - x1) * (y2 - y1)
    assert len(box_shapes.drop_invalid(boxes(box), valid).kind) == expected
