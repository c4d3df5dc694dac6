"""Moves made one after the other."""

from __future__ import annotations

import numpy as np

from zeroshot.recipe import appearance, moves, words
from zeroshot.registration.warp import LocalField, Warp


def test_two_moves_with_fields_lead_where_one_after_the_other_leads():
  draws = np.random.default_rng(0)
  fields = [
    LocalField(draws.normal(0, 1, (5, 6, 2)).astype(np.float32), 80, 100)
    for _ in range(2)
  ]
  turned = np.array([[1, 0.05, 2], [-0.05, 1, 3], [1e-4, 0, 1]])
  first = Warp(
    np.array([[1, 0, 4], [0, 1, -2], [0, 0, 1.0]]),
    (80, 100),
    (80, 100),
    fields[0],
  )
  second = Warp(turned, (90, 110), (80, 100), fields[1])
  both = moves.compose(first, second)
  x, y = draws.uniform(20, 80, 50), draws.uniform(20, 60, 50)
  across, down, _ = first.points(x, y)
  expected = second.points(across, down)
  for one, other in zip(both.points(x, y)[:2], expected[:2], strict=True):
    # Between its nodes a joined field is that of neither.
    assert np.abs(one - other).max() < 1.0
  plain = moves.compose(first, second._replace(field=None))
  expected = second._replace(field=None).points(across, down)
  for one, other in zip(plain.points(x, y)[:2], expected[:2], strict=True):
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_what_any_good_part_has_nearby_is_near():
  goods = np.zeros((2, 3, 40, 40), np.float32)
  goods[0, :, 10:14, 10:14] = 200
  goods[1, :, 30:34, 30:34] = 100
  seen = np.zeros((3, 40, 40), np.float32)
  seen[:, 12:16, 12:16] = 200  # two cells off
  seen[:, 30:34, 30:34] = 100
  assert appearance.distance(goods, seen).max() == 0
  seen[:, 20, 20] = 50
  far = appearance.distance(goods, seen)
  assert far[20, 20] == 150
  assert np.count_nonzero(far) == 1


def test_the_odd_part_and_the_area_that_differs_are_named():
  nowhere = np.zeros((0, 4))
  rim = np.array([[0, 100, 10, 140]])
  frame = (240, 320)
  stable = words.verdict([1.0] * 6, [nowhere] * 6, range(6), frame=frame)
  assert stable == '6 parts, stable'
  odd = words.verdict(
    [1, 1, 4, 1, 1],
    [nowhere, nowhere, rim, nowhere, nowhere],
    range(5),
    frame=frame,
  )
  assert 'part 3 is the odd one, at the left rim (0,100,10,140)' in odd
  area = words.verdict(
    [1.2] * 5, [rim, rim, nowhere, rim, nowhere], range(5), frame=frame
  )
  assert 'the left rim differs between takes (3 of 5 parts)' in area


def test_few_parts_are_little_certain():
  few, many = (words.certainty(0, num, 0.1) for num in (3, 300))
  assert 'at most 1.00 a part' in few
  assert 'at most 0.01 a part' in many
