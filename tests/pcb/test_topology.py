"""Kinds of differences: boards drawn by hand, one for each effect.

Notation:
  board   bool [h, w], True where there is copper
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from zeroshot.data.deeppcb import KINDS
from zeroshot.pcb import topology
from zeroshot.types import Boxes

ROOT = Path(__file__).resolve().parents[2]
DARK, BRIGHT = 0.05, 0.95

# Rows and columns that change in the boards of ``boards``, and to what.
CHANGES = {
  'open': (slice(38, 54), slice(56, 66), False),
  'short': (slice(54, 78), slice(56, 66), True),
  'mousebite': (slice(38, 46), slice(56, 66), False),
  'spur': (slice(54, 64), slice(56, 66), True),
  'copper': (slice(62, 70), slice(56, 66), True),
  'pin-hole': (slice(43, 49), slice(58, 65), False),
}
MIRRORED = {'open': 'short', 'mousebite': 'spur', 'pin-hole': 'copper'}
MIRRORED |= {other: kind for kind, other in MIRRORED.items()}


def boards(kind):
  """Three traces, and what is left of them."""
  before = np.zeros((128, 128), bool)
  for top in (10, 38, 78):
    before[top : top + 16] = True
  after = before.copy()
  rows, columns, copper = CHANGES[kind]
  after[rows, columns] = copper
  return before, after


def picture(board, bright=BRIGHT, dark=DARK):
  """Copper is dark."""
  grey = np.where(board, dark, bright).astype(np.float32)
  return np.repeat(grey[..., None], 3, axis=-1)


def fray(board, seed):
  """A third of the pixels along every edge at random, none elsewhere."""
  mask = board.astype(np.uint8)
  near = np.ones((3, 3), np.uint8)
  edge = cv2.dilate(mask, near) != cv2.erode(mask, near)
  rng = np.random.default_rng(seed)
  return board ^ (edge & (rng.random(board.shape) < 1 / 3))


def box_round(changed):
  y, x = np.nonzero(changed)
  return [x.min(), y.min(), x.max() + 1, y.max() + 1]


def boxes_of(*corners):
  xyxy = np.asarray(corners, np.float32).reshape(-1, 4)
  return Boxes(
    xyxy, np.ones(len(xyxy), np.float32), ('difference',) * len(xyxy)
  )


def name(before, after, box=None, **settings):
  """The kind, and its probability, of the one difference between two boards."""
  boxes = topology.name_kinds(
    boxes_of(box_round(before != after) if box is None else box),
    picture(before),
    picture(after),
    **settings,
  )
  return boxes.kind[0], boxes.kind_confidence[0]


# --- Each kind ----------------------------------------------------------------


@pytest.mark.parametrize('turn', range(8))
@pytest.mark.parametrize('kind', KINDS)
def test_each_kind_however_the_board_lies(kind, turn):
  before, after = (
    np.rot90(board.T if turn >= 4 else board, turn) for board in boards(kind)
  )
  named, confidence = name(before, after)
  assert named == kind
  assert confidence > 0.99


@pytest.mark.parametrize('kind', KINDS)
def test_copper_and_board_are_mirror_images(kind):
  before, after = boards(kind)
  assert name(before, after, dark_is_conductor=False)[0] == MIRRORED[kind]
  assert name(~before, ~after)[0] == MIRRORED[kind]
  assert name(~before, ~after, dark_is_conductor=False)[0] == kind


def test_a_trace_that_is_gone_is_open():
  before, after = boards('copper')  # an island, and taken away again
  assert name(after, before)[0] == 'open'


def test_a_reference_of_bare_board():
  before = np.zeros((128, 128), bool)
  after = before.copy()
  after[40:50, 60:72] = True
  assert name(before, after)[0] == 'copper'


def test_traces_that_meet_far_away_are_two():
  before, after = boards('short')
  before[:, :6] = after[:, :6] = True  # a comb
  assert name(before, after)[0] == 'short'


def test_a_spur_on_both_sides_joins_nothing():
  """The board was in two before."""
  before, after = boards('spur')
  after[30:54, 56:66] = True
  assert name(before, after)[0] == 'spur'


def test_a_bite_on_both_sides_cuts_nothing():
  before, after = boards('mousebite')
  after[49:54, 56:66] = False
  assert name(before, after)[0] == 'mousebite'


def test_crumbs_within_a_gap_bridge_nothing():
  before, after = boards('open')
  after[44:47, 60:63] = after[50, 59] = True
  assert name(before, after)[0] == 'open'


def test_a_piece_cut_out_of_a_pad_is_open():
  before = np.zeros((128, 128), bool)
  before[40:90, 40:90] = True
  after = before.copy()
  after[40:66, 70] = after[65, 70:90] = False  # a slit round a corner
  assert name(before, after)[0] == 'open'


# --- What must not mislead ----------------------------------------------------


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('kind', KINDS)
def test_ragged_edges(kind, seed):
  before, after = boards(kind)
  box = box_round(before != after)
  before, after = fray(before, 2 * seed), fray(after, 2 * seed + 1)
  assert name(before, after, box)[0] == kind


@pytest.mark.parametrize('move', [(1, 0), (0, -1), (-1, 1), (2, -1), (-2, 2)])
@pytest.mark.parametrize('kind', KINDS)
def test_a_reference_that_lies_off(kind, move):
  before, after = boards(kind)
  box = box_round(before != after)
  moved = np.roll(before, move, (0, 1))
  assert name(moved, after, box)[0] == kind
  assert name(fray(moved, 0), fray(after, 1), box)[0] == kind


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('turn', range(4))
def test_a_defect_that_the_border_cuts(kind, turn):
  """The half inside the picture has the kind of the whole."""
  before, after = (
    np.rot90(board[:, 61:], turn).copy() for board in boards(kind)
  )
  assert name(before, after)[0] == kind


@pytest.mark.parametrize('kind', KINDS)
def test_a_box_with_room_and_one_that_is_tight(kind):
  before, after = boards(kind)
  box = np.asarray(box_round(before != after), np.float32)
  for grown in ([-2, -2, 2, 2], [-0.4, -0.4, 0.4, 0.4], [1, 1, -1, -1]):
    assert name(before, after, box + grown)[0] == kind


@pytest.mark.parametrize('kind', KINDS)
def test_another_defect_nearby_does_not_count(kind):
  before, after = boards(kind)
  box = box_round(before != after)
  after[40:44, 80:86] = False
  after[94:104, 50:70] = True
  assert name(before, after, box)[0] == kind


@pytest.mark.parametrize('kind', KINDS)
def test_grey_noise_and_blur(kind):
  before, after = boards(kind)
  rng = np.random.default_rng(0)

  def taken(board, sigma_px):
    image = cv2.GaussianBlur(picture(board, 0.8, 0.3), (0, 0), sigma_px)
    noise = rng.normal(0, 0.03, image.shape)
    return (image + noise).astype(np.float32)

  boxes = topology.name_kinds(
    boxes_of(box_round(before != after)), taken(before, 0.8), taken(after, 0.5)
  )
  assert boxes.kind == (kind,)
