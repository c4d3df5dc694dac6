import numpy as np
import pytest

from zeroshot.detect import boxes
from zeroshot.types import Boxes

DEFAULTS = dict(
  threshold=0.5,
  min_area_px=1.0,
  join_px=0.0,
  extent_share=0.0,
  hidden_px=0.0,
)


def find(scores, valid=None, pictures=None, **changes):
  settings = {**DEFAULTS, **changes}
  return boxes.boxes_from_scores(scores, valid, pictures, **settings)


def blank(height=40, width=60):
  return np.zeros((height, width), np.float32)


def random_scores(seed, height=48, width=64):
  return np.random.default_rng(seed).random((height, width), np.float32)


def boxes_by_loop(scores, threshold):
  """Box, area of each 8-connected component, by flood fill."""
  todo = {(y, x) for y, x in np.argwhere(scores > threshold).tolist()}
  boxes = set()
  while todo:
    front = [todo.pop()]
    members = []
    while front:
      y, x = front.pop()
      members.append((y, x))
      for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
          if (y + dy, x + dx) in todo:
            todo.remove((y + dy, x + dx))
            front.append((y + dy, x + dx))
    ys, xs = zip(*members, strict=True)
    boxes.add((min(xs), min(ys), max(xs) + 1, max(ys) + 1))
  return boxes


def test_one_rectangle_gives_its_half_open_box():
  scores = blank()
  scores[10:14, 20:29] = 0.8
  boxes = find(scores)
  np.testing.assert_array_equal(boxes.xyxy, [[20, 10, 29, 14]])
  np.testing.assert_allclose(boxes.confidence, [0.8])
  assert boxes.kind == ('difference',)
  assert boxes.xyxy.dtype == boxes.confidence.dtype == np.float32


@pytest.mark.parametrize('value', [0.0, 0.5])
def test_nothing_above_the_threshold_gives_no_boxes(value):
  boxes = find(np.full((8, 9), value, np.float32))
  assert boxes.xyxy.shape == (0, 4)
  assert boxes.confidence.shape == (0,)
  assert boxes.kind == ()
  assert boxes.xyxy.dtype == boxes.confidence.dtype == np.float32


def test_all_above_the_threshold_gives_the_whole_picture():
  boxes = find(np.ones((8, 9), np.float32), hidden_px=5.0)
  np.testing.assert_array_equal(boxes.xyxy, [[0, 0, 9, 8]])


@pytest.mark.parametrize('seed', range(4))
def test_components_match_a_flood_fill(seed):
  scores = random_scores(seed)
  boxes = find(scores, threshold=0.8)
  assert {tuple(b) for b in boxes.xyxy.astype(int)} == boxes_by_loop(
    scores, 0.8
  )
  assert len(boxes.kind) == len(boxes.xyxy) == len(boxes.confidence)


def test_diagonal_neighbours_are_one():
  scores = blank()
  scores[5, 5] = scores[6, 6] = 0.9
  np.testing.assert_array_equal(find(scores).xyxy, [[5, 5, 7, 7]])


@pytest.mark.parametrize(
  ('gap', 'join_px', 'num'),
  [(1, 0.0, 2), (1, 2.0, 1), (2, 2.0, 1), (3, 2.0, 2), (4, 4.0, 1)],
)
def test_join_bridges_so_many_pixels_and_widens_no_box(gap, join_px, num):
  scores = blank()
  scores[10:13, 10:13] = 0.9
  scores[10:13, 13 + gap : 16 + gap] = 0.9
  boxes = find(scores, join_px=join_px)
  assert len(boxes.kind) == num
  assert boxes.xyxy[:, 0].min() == 10
  assert boxes.xyxy[:, 2].max() == 16 + gap


def test_small_components_are_dropped_at_the_boundary():
  scores = blank()
  scores[5, 5:10] = 0.9  # 5 pixels
  scores[20, 5:11] = 0.9  # 6 pixels
  np.testing.assert_array_equal(
    find(scores, min_area_px=6.0).xyxy, [[5, 20, 11, 21]]
  )


def test_confidence_is_the_mean_of_the_highest_quarter():
  scores = blank()
  scores[5:9, 5:9] = 0.6
  scores[6, 5:9] = (0.7, 0.8, 0.9, 1.0)
  np.testing.assert_allclose(find(scores).confidence, [0.85], rtol=1e-6)
  np.testing.assert_allclose(
    find(scores, min_area_px=8.0).confidence, [(3.4 + 4 * 0.6) / 8], rtol=1e-6
  )


def test_boxes_are_ranked():
  scores = blank()
  for row, value in ((5, 0.6), (15, 0.9), (25, 0.75)):
    scores[row, 5:15] = value
  boxes = find(scores)
  np.testing.assert_allclose(boxes.confidence, [0.9, 0.75, 0.6])
  np.testing.assert_array_equal(boxes.xyxy[:, 1], [15, 25, 5])


def test_invalid_pixels_form_no_box():
  scores = np.ones((20, 30), np.float32)
  valid = np.zeros((20, 30), np.float32)
  assert find(scores, valid).kind == ()
  valid[3:6, 7:11] = 1
  np.testing.assert_array_equal(find(scores, valid).xyxy, [[7, 3, 11, 6]])


def test_boxes_move_with_the_map():
  scores = blank(80, 80)
  scores[10:40, 10:40] = random_scores(1, 30, 30)
  changes = dict(join_px=2.0, min_area_px=4.0, threshold=0.9)
  still, moved = (
    find(picture, **changes)
    for picture in (scores, np.roll(scores, (7, 13), (0, 1)))
  )
  np.testing.assert_array_equal(moved.xyxy, still.xyxy + [13, 7, 13, 7])
  np.testing.assert_array_equal(moved.confidence, still.confidence)


def test_scores_are_never_stretched():
  scores = random_scores(2) * 0.4
  assert find(scores).kind == ()


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_scores_that_are_no_numbers_raise(bad):
  scores = blank()
  scores[3, 3] = bad
  with pytest.raises(ValueError, match='1 scores are not finite'):
    find(scores)


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (dict(threshold=1.0), r'threshold is 1\.0'),
    (dict(threshold=-0.1), 'threshold'),
    (dict(join_px=-1.0), 'join_px'),
    (dict(valid=np.ones((3, 3), np.float32)), 'valid has shape'),
    (dict(scores=np.zeros((3, 3, 1), np.float32)), 'one map'),
  ],
)
def test_parameters_out_of_range_raise(changes, words):
  with pytest.raises(ValueError, match=words):
    find(**{'scores': blank(), **changes})


def test_grow_adds_room_and_clips():
  before = Boxes(
    np.array([[2, 3, 10, 12], [0, 0, 4, 4]], np.float32),
    np.ones(2, np.float32),
    ('open', 'short'),
  )
  after = boxes.grow(before, margin_px=3.0, height=13, width=20)
  np.testing.assert_array_equal(after.xyxy, [[0, 0, 13, 13], [0, 0, 7, 7]])
  assert after.kind == before.kind
  assert after.xyxy.dtype == np.float32


def test_grow_takes_no_boxes():
  none = find(blank())
  grown = boxes.grow(none, margin_px=3.0, height=13, width=20)
  assert grown.xyxy.shape == (0, 4)


def test_a_negative_margin_stops_at_the_centre():
  before = Boxes(
    np.array([[0, 0, 10, 4]], np.float32), np.ones(1, np.float32), ('open',)
  )
  after = boxes.grow(before, margin_px=-3.0, height=9, width=20)
  assert after.xyxy.tolist() == [[3, 2, 7, 2]]
  same = boxes.grow(before, margin_px=0.0, height=9, width=20)
  np.testing.assert_array_equal(same.xyxy, before.xyxy)


def test_a_margin_must_be_finite():
  with pytest.raises(ValueError, match='box_margin_px is nan'):
    boxes.grow(find(blank()), margin_px=float('nan'), height=9, width=9)


def test_the_pictures_set_the_extent():
  scores = blank()
  scores[18:27, 28:40] = 0.9
  reference = np.zeros((40, 60, 3), np.float32)
  test = reference.copy()
  test[20:25, 30:38] = 0.5
  pictures = reference, test
  boxes = find(scores, pictures=pictures, extent_share=0.4)
  np.testing.assert_array_equal(boxes.xyxy, [[30, 20, 38, 25]])
  wide = find(scores, pictures=pictures)
  np.testing.assert_array_equal(wide.xyxy, [[28, 18, 40, 27]])
  assert boxes.confidence == wide.confidence


@pytest.mark.parametrize('which', [0, 1])
def test_a_picture_of_another_size_is_refused(which):
  pictures = [np.zeros((40, 60, 3), np.float32) for _ in range(2)]
  pictures[which] = np.zeros((3, 3, 3), np.float32)
  with pytest.raises(ValueError, match=r'a picture has shape \(3, 3, 3\)'):
    find(blank(), pictures=tuple(pictures))


@pytest.mark.parametrize(
  'change',
  [
    {'extent_share': 4.0},
    {'extent_share': -0.1},
    {'hidden_px': float('nan')},
    {'min_area_px': float('nan')},
    {'join_px': float('inf')},
    {'hidden_px': -1.0},
  ],
)
def test_a_setting_out_of_range_is_named(change):
  (name,) = change
  with pytest.raises(ValueError, match=f'{name} is'):
    find(blank(), **change)
