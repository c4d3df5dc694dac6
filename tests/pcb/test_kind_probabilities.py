"""The probability of each kind, and where none can be told apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.pcb.test_topology import boards, box_round, boxes_of, name, picture
from zeroshot.data.deeppcb import KINDS
from zeroshot.detect import boxes
from zeroshot.pcb import topology

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
    named = topology.name_kinds(box, *images)
    assert named.kind == (KINDS[rows.argmax()],)
    assert named.kind_confidence.dtype == np.float32
    np.testing.assert_array_equal(named.kind_confidence, rows.max(axis=1))
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
  probability = dict(zip(KINDS, rows[0], strict=True))
  gained, lost = 10 * 10, 16 * 9
  assert probability['open'] == pytest.approx(
    lost**2 / (gained**2 + lost**2), abs=0.01
  )
  assert probability['spur'] == pytest.approx(1 - probability['open'], abs=0.01)


# --- Where nothing tells kinds apart -----------------------------------------


def has_no_kind(named):
  assert set(named.kind) == {'difference'}
  np.testing.assert_allclose(named.kind_confidence, 1 / 6, rtol=1e-6)
  return True


def colour(board):
  copper, mask = np.float32([0.8, 0.5, 0.2]), np.float32([0.0, 0.3, 0.1])
  return np.where(board[..., None], copper, mask)


def shade(board):
  noise = np.random.default_rng(0).random((128, 128, 3), np.float32)
  smooth = cv2.GaussianBlur(noise, (0, 0), 4).mean(axis=-1, keepdims=True)
  smooth = (smooth - smooth.min()) / np.ptp(smooth)
  return np.repeat(np.where(board[..., None], 1 - smooth, smooth), 3, -1)


def faint(board):
  return picture(board, 0.5, 0.4)


@pytest.mark.parametrize('drawn', [colour, shade, faint])
@pytest.mark.parametrize('kind', KINDS)
def test_pictures_that_do_not_separate(drawn, kind):
  before, after = boards(kind)
  box = boxes_of(box_round(before != after))
  assert has_no_kind(topology.name_kinds(box, drawn(before), drawn(after)))
  rows = topology.kind_probabilities(box.xyxy, drawn(before), drawn(after))
  np.testing.assert_allclose(rows, 1 / 6, rtol=1e-6)


def test_a_box_in_which_nothing_changed():
  before, after = boards('open')
  named = topology.name_kinds(
    boxes_of([56, 38, 66, 54], [10, 80, 30, 90], [100, 100, 128, 128]),
    picture(before),
    picture(after),
  )
  assert named.kind == ('open', 'difference', 'difference')
  assert has_no_kind(boxes.select(named, np.array([False, True, True])))


def test_what_has_no_content_has_not_changed():
  before, after = boards('open')
  valid = np.ones(before.shape, np.float32)
  valid[30:60, 50:70] = 0
  box = boxes_of(box_round(before != after))
  images = picture(before), picture(after)
  assert topology.name_kinds(box, *images, np.ones_like(valid)).kind == (
    'open',
  )
  assert has_no_kind(topology.name_kinds(box, *images, valid))


def test_no_boxes():
  before, after = boards('open')
  named = topology.name_kinds(boxes_of(), picture(before), picture(after))
  assert named.kind == ()
  assert named.kind_confidence.shape == (0,)
  assert named.kind_confidence.dtype == np.float32
  assert topology.kind_probabilities(
    np.zeros((0, 4), np.float32), picture(before), picture(after)
  ).shape == (0, 6)


def test_boxes_and_confidences_stay():
  before, after = boards('open')
  given = boxes_of([56, 38, 66, 54], [0, 0, 9, 9])
  given = given._replace(confidence=np.float32([0.3, 0.2]))
  named = topology.name_kinds(given, picture(before), picture(after))
  assert named.xyxy is given.xyxy
  assert named.confidence is given.confidence


@pytest.mark.parametrize('shape', [(1, 1), (3, 200), (40, 7)])
def test_pictures_smaller_than_the_surroundings(shape):
  before = np.zeros(shape, bool)
  before[:, ::2] = True
  kind, _ = name(before, ~before, [0, 0, *shape[::-1]])
  assert kind in (*KINDS, 'difference')


def test_pictures_that_do_not_fit_are_named():
  image = picture(np.zeros((8, 9), bool))
  with pytest.raises(ValueError, match=r'\(8, 9, 3\).*\(9, 8, 3\)'):
    topology.name_kinds(boxes_of(), image, image.transpose(1, 0, 2))
  with pytest.raises(ValueError, match='two RGB images'):
    topology.name_kinds(boxes_of(), image[..., 0], image[..., 0])
  with pytest.raises(ValueError, match=r'valid has shape \(9, 8\)'):
    topology.name_kinds(boxes_of(), image, image, np.ones((9, 8)))
