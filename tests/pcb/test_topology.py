"""Kinds of differences: boards drawn by hand, one for each thing that happens.

Notation:
  board   bool [h, w], True where there is copper
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest

from zeroshot.data.deeppcb import KINDS
from zeroshot.detect import boxes
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


def ragged(board, seed):
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
  found = topology.name_kinds(
    boxes_of(box_round(before != after) if box is None else box),
    picture(before),
    picture(after),
    **settings,
  )
  return found.kind[0], found.kind_confidence[0]


# --- Each kind ----------------------------------------------------------------


@pytest.mark.parametrize('turn', range(8))
@pytest.mark.parametrize('kind', KINDS)
def test_each_kind_however_the_board_lies(kind, turn):
  before, after = (
    np.rot90(board.T if turn >= 4 else board, turn) for board in boards(kind)
  )
  found, confidence = name(before, after)
  assert found == kind
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
  before, after = ragged(before, 2 * seed), ragged(after, 2 * seed + 1)
  assert name(before, after, box)[0] == kind


@pytest.mark.parametrize('move', [(1, 0), (0, -1), (-1, 1), (2, -1), (-2, 2)])
@pytest.mark.parametrize('kind', KINDS)
def test_a_reference_that_lies_off(kind, move):
  before, after = boards(kind)
  box = box_round(before != after)
  moved = np.roll(before, move, (0, 1))
  assert name(moved, after, box)[0] == kind
  assert name(ragged(moved, 0), ragged(after, 1), box)[0] == kind


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('turn', range(4))
def test_a_defect_that_the_border_cuts(kind, turn):
  """The half of it that is seen has the name of the whole."""
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

  found = topology.name_kinds(
    boxes_of(box_round(before != after)), taken(before, 0.8), taken(after, 0.5)
  )
  assert found.kind == (kind,)


# --- How sure it is -----------------------------------------------------------


def test_probabilities_sum_to_one_and_name_the_box():
  pairs = [boards(kind) for kind in KINDS]
  for before, after in pairs:
    box = boxes_of(box_round(before != after))
    images = picture(before), picture(after)
    rows = topology.kind_probabilities(box.xyxy, *images)
    assert rows.shape == (1, 6)
    assert rows.dtype == np.float32
    assert rows.min() > 0
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)
    found = topology.name_kinds(box, *images)
    assert found.kind == (KINDS[rows.argmax()],)
    assert found.kind_confidence.dtype == np.float32
    np.testing.assert_array_equal(found.kind_confidence, rows.max(axis=1))
    # The same twice, bit for bit.
    again = topology.kind_probabilities(box.xyxy, *images)
    np.testing.assert_array_equal(again, rows)


def test_a_bite_that_leaves_a_thread_may_be_an_open():
  before, after = boards('mousebite')
  after[38:53, 56:66] = False  # a pixel of the trace is left
  kind, confidence = name(before, after)
  assert kind == 'mousebite'
  assert 0.5 < confidence < 0.8
  after[38:52, 56:66] = False
  after[49:53, 56:66] = True
  assert name(before, after)[1] > 0.99


def test_a_gain_and_a_loss_in_one_box_both_vote():
  before, after = boards('spur')
  after[38:54, 75:84] = False
  rows = topology.kind_probabilities(
    np.float32([[56, 38, 84, 64]]), picture(before), picture(after)
  )
  found = dict(zip(KINDS, rows[0], strict=True))
  gained, lost = 10 * 10, 16 * 9
  assert found['open'] == pytest.approx(
    lost**2 / (gained**2 + lost**2), abs=0.01
  )
  assert found['spur'] == pytest.approx(1 - found['open'], abs=0.01)


# --- Where nothing tells kinds apart -----------------------------------------


def unnamed(found):
  assert set(found.kind) == {'difference'}
  np.testing.assert_allclose(found.kind_confidence, 1 / 6, rtol=1e-6)
  return True


def coloured(board):
  copper, mask = np.float32([0.8, 0.5, 0.2]), np.float32([0.0, 0.3, 0.1])
  return np.where(board[..., None], copper, mask)


def shaded(board):
  noise = np.random.default_rng(0).random((128, 128, 3), np.float32)
  smooth = cv2.GaussianBlur(noise, (0, 0), 4).mean(axis=-1, keepdims=True)
  smooth = (smooth - smooth.min()) / np.ptp(smooth)
  return np.repeat(np.where(board[..., None], 1 - smooth, smooth), 3, -1)


def faint(board):
  return picture(board, 0.5, 0.4)


@pytest.mark.parametrize('drawn', [coloured, shaded, faint])
@pytest.mark.parametrize('kind', KINDS)
def test_pictures_that_do_not_separate(drawn, kind):
  before, after = boards(kind)
  box = boxes_of(box_round(before != after))
  assert unnamed(topology.name_kinds(box, drawn(before), drawn(after)))
  rows = topology.kind_probabilities(box.xyxy, drawn(before), drawn(after))
  np.testing.assert_allclose(rows, 1 / 6, rtol=1e-6)


def test_a_box_in_which_nothing_changed():
  before, after = boards('open')
  found = topology.name_kinds(
    boxes_of([56, 38, 66, 54], [10, 80, 30, 90], [100, 100, 128, 128]),
    picture(before),
    picture(after),
  )
  assert found.kind == ('open', 'difference', 'difference')
  assert unnamed(boxes.select(found, np.array([False, True, True])))


def test_what_has_no_content_has_not_changed():
  before, after = boards('open')
  valid = np.ones(before.shape, np.float32)
  valid[30:60, 50:70] = 0
  box = boxes_of(box_round(before != after))
  images = picture(before), picture(after)
  assert topology.name_kinds(box, *images, np.ones_like(valid)).kind == (
    'open',
  )
  assert unnamed(topology.name_kinds(box, *images, valid))


def test_no_boxes():
  before, after = boards('open')
  found = topology.name_kinds(boxes_of(), picture(before), picture(after))
  assert found.kind == ()
  assert found.kind_confidence.shape == (0,)
  assert found.kind_confidence.dtype == np.float32
  assert topology.kind_probabilities(
    np.zeros((0, 4), np.float32), picture(before), picture(after)
  ).shape == (0, 6)


def test_boxes_and_confidences_stay():
  before, after = boards('open')
  given = boxes_of([56, 38, 66, 54], [0, 0, 9, 9])
  given = given._replace(confidence=np.float32([0.3, 0.2]))
  found = topology.name_kinds(given, picture(before), picture(after))
  assert found.xyxy is given.xyxy
  assert found.confidence is given.confidence


@pytest.mark.parametrize('shape', [(1, 1), (3, 200), (40, 7)])
def test_pictures_smaller_than_the_surroundings(shape):
  before = np.zeros(shape, bool)
  before[:, ::2] = True
  found, _ = name(before, ~before, [0, 0, *shape[::-1]])
  assert found in (*KINDS, 'difference')


def test_pictures_that_do_not_fit_are_named():
  image = picture(np.zeros((8, 9), bool))
  with pytest.raises(ValueError, match=r'\(8, 9, 3\).*\(9, 8, 3\)'):
    topology.name_kinds(boxes_of(), image, image.transpose(1, 0, 2))
  with pytest.raises(ValueError, match='two RGB images'):
    topology.name_kinds(boxes_of(), image[..., 0], image[..., 0])
  with pytest.raises(ValueError, match=r'valid has shape \(9, 8\)'):
    topology.name_kinds(boxes_of(), image, image, np.ones((9, 8)))


# --- The drawings in the docs -------------------------------------------------


def panels(kind):
  """The two boards of a drawing, and the box drawn round the change."""
  svg = ET.parse(ROOT / 'docs' / 'kinds' / f'{kind}.svg').getroot()
  space = re.match(r'{.*}', svg.tag).group()
  result = []
  for group in svg.findall(f'{space}g[@transform]'):
    ground, (inner, *box) = group[0], group[1:]
    size = int(ground.get('height')), int(ground.get('width'))
    board = np.zeros(size, np.uint8)
    for shape in inner:
      copper = shape.get('fill') != ground.get('fill')
      if shape.tag == f'{space}path':
        points = re.findall(r'[ML](-?\d+) (-?\d+)', shape.get('d'))
        corners = np.array(points, np.int32)
      else:
        x, y, w, h = (
          int(shape.get(key, 0)) for key in ('x', 'y', 'width', 'height')
        )
        corners = np.int32([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
      cv2.fillPoly(board, [corners], int(copper))
    result.append(board > 0)
  x, y, w, h = (int(box[0].get(key)) for key in ('x', 'y', 'width', 'height'))
  return *result, [x, y, x + w, y + h]


@pytest.mark.parametrize('kind', KINDS)
def test_each_drawing_shows_its_kind(kind):
  before, after, box = panels(kind)
  assert name(before, after)[0] == kind
  assert name(before, after, box)[0] == kind
  left, top, right, bottom = box_round(before != after)
  assert box[0] < left < right < box[2]
  assert box[1] < top < bottom < box[3]


def test_the_page_shows_a_drawing_of_each_kind():
  text = (ROOT / 'docs' / 'kinds.md').read_text()
  shown = re.findall(r'!\[.+\]\(kinds/([\w-]+)\.svg\)', text)
  assert sorted(shown) == sorted(KINDS)
  files = (ROOT / 'docs' / 'kinds').iterdir()
  assert sorted(file.name for file in files) == sorted(
    f'{kind}.svg' for kind in KINDS
  )
