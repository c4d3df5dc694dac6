"""Each drawn defect is what its name says, by topology."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.boards import defects, painter

SEEDS = range(8)


def parts(mask):
  return cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1


def with_one(kind, seed):
  rng = np.random.default_rng(seed)
  board = painter.draw(rng, size_px=320)
  copper, placed = defects.add(rng, board, kinds=(kind,))
  return board.copper, copper, placed


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize(
  ('kind', 'gained', 'traces', 'grounds'),
  [
    ('open', False, +1, 0),
    ('short', True, -1, +1),
    ('mousebite', False, 0, 0),
    ('spur', True, 0, 0),
    ('copper', True, +1, 0),
    ('pin-hole', False, 0, +1),
  ],
)
def test_topology(kind, gained, traces, grounds, seed):
  good, bad, placed = with_one(kind, seed)
  assert [defect.kind for defect in placed] == [kind]
  changed = good != bad
  assert (bad[changed] == int(gained)).all()
  assert parts(bad) - parts(good) == traces
  if kind != 'short':  # a short closes a ring only where another joins too
    assert parts(1 - bad) - parts(1 - good) == grounds


@pytest.mark.parametrize('seed', SEEDS)
def test_a_box_covers_its_change_with_a_margin(seed):
  good, bad, placed = with_one('copper', seed)
  y, x = np.nonzero(good != bad)
  x1, y1, x2, y2 = placed[0].box
  for margin in (
    x.min() - x1,
    y.min() - y1,
    x2 - 1 - x.max(),
    y2 - 1 - y.max(),
  ):
    assert 8 <= margin <= 10


@pytest.mark.parametrize('seed', SEEDS)
def test_several_defects_stand_apart_and_explain_every_change(seed):
  rng = np.random.default_rng(seed)
  board = painter.draw(rng, size_px=320)
  copper, placed = defects.add(rng, board, kinds=tuple(defects.DRAWERS))
  assert [defect.kind for defect in placed] == list(defects.DRAWERS)
  covered = np.zeros_like(copper)
  for x1, y1, x2, y2 in (defect.box for defect in placed):
    covered[y1:y2, x1:x2] += 1
  assert covered.max() == 1
  assert not (board.copper != copper)[covered == 0].any()


def test_no_kinds_change_nothing():
  board = painter.draw(np.random.default_rng(0), size_px=320)
  copper, placed = defects.add(np.random.default_rng(1), board, kinds=())
  assert placed == []
  np.testing.assert_array_equal(copper, board.copper)


def test_a_full_board_leaves_defects_out():
  rng = np.random.default_rng(0)
  board = painter.draw(rng, size_px=256)
  _, placed = defects.add(rng, board, kinds=('open',) * 40)
  assert 5 < len(placed) < 40
