"""Crops round failures, and the sheet of them."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate.failures import Failure
from zeroshot.report import contact_sheet as sheets
from zeroshot.report.drawing import DETECTION_COLOUR, GAP_PX, TRUTH_COLOUR
from zeroshot.types import Boxes

RANDOM = np.random.default_rng(0)
REFERENCE = RANDOM.random((40, 50, 3)).astype(np.float32)
TEST = RANDOM.random((40, 50, 3)).astype(np.float32)
SCORES = RANDOM.random((40, 50)).astype(np.float32)
RED = np.array(DETECTION_COLOUR) / 255
GREEN = np.array(TRUTH_COLOUR) / 255


def boxes(*xyxy):
  return Boxes(
    np.array(xyxy, np.float32).reshape(-1, 4),
    np.full(len(xyxy), 0.87, np.float32),
    ('difference',) * len(xyxy),
  )


def failure(xyxy=(20, 15, 30, 19), *, confidence=0.87, name='00041205'):
  return Failure(name, np.array(xyxy, np.float32), confidence, 0.213)


def tile(
  detections=None, truth=None, *, pictures=(REFERENCE, TEST, SCORES), **changes
):
  return sheets.cut_tile(
    *pictures,
    boxes() if detections is None else detections,
    boxes() if truth is None else truth,
    **{'failure': failure(), 'context_px': 3} | changes,
  )


def panels(sheet, tile_px):
  """Reference, test and scores of the first tile of a sheet."""
  top = GAP_PX + sheets.CAPTION_PX
  step = tile_px + GAP_PX // 2
  return [
    sheet[top : top + tile_px, GAP_PX + i * step :][:, :tile_px]
    for i in range(3)
  ]


def is_colour(image, colour):
  return np.abs(image - colour).max(-1) < 0.01


def test_a_crop_is_a_square_round_the_box():
  cut = tile()
  # 10 x 4 with 3 round the longer side: 16 x 16, centred on (25, 17).
  np.testing.assert_array_equal(cut.reference, REFERENCE[9:25, 17:33])
  np.testing.assert_array_equal(cut.test, TEST[9:25, 17:33])
  for channel in range(3):
    np.testing.assert_array_equal(cut.scores[..., channel], SCORES[9:25, 17:33])


def test_a_crop_beyond_the_border_is_padded():
  cut = tile(failure=failure((0, 0, 4, 4)))
  beyond = is_colour(cut.test, sheets.BEYOND_COLOUR)
  assert beyond[:3].all()
  assert beyond[:, :3].all()
  np.testing.assert_array_equal(cut.test[3:, 3:], TEST[:7, :7])
  np.testing.assert_array_equal(cut.scores[3:, 3:, 0], SCORES[:7, :7])
  assert is_colour(cut.scores, sheets.BEYOND_COLOUR)[:3].all()
  # The far corner, and a box as large as the picture.
  far = tile(failure=failure((46, 36, 50, 40)))
  np.testing.assert_array_equal(far.test[:7, :7], TEST[-7:, -7:])
  whole = tile(failure=failure((0, 0, 50, 40)), context_px=0)
  np.testing.assert_array_equal(whole.test[5:45], TEST)


def test_boxes_move_with_the_crop_and_those_out_of_sight_go():
  detected = boxes(
    (20, 15, 30, 19),
    (0, 0, 17, 40),  # ends where the crop begins
    (0, 0, 18, 40),  # one pixel of it is inside
    (33, 9, 40, 25),  # begins where it ends
    (17, 25, 33, 30),  # below
  )
  cut = tile(detected, detected)
  for kept in (cut.detections, cut.truth):
    assert kept.xyxy.tolist() == [[3, 6, 13, 10], [-17, -9, 1, 31]]
    assert len(kept.confidence) == len(kept.kind) == 2


def test_captions():
  assert sheets.format_caption(failure()) == '0.87, IoU 0.21, 00041205'
  missed = failure(confidence=float('nan'))
  assert sheets.format_caption(missed) == 'missed, IoU 0.21, 00041205'
  assert tile(failure=missed).caption == sheets.format_caption(missed)
  wrong = failure(confidence=0.984)._replace(
    true_kind='mousebite', detected_kind='open'
  )
  assert sheets.format_caption(wrong) == 'mousebite, found open 0.98, 00041205'


def test_pixels_stay_pixels_where_they_grow():
  sheet = sheets.draw_contact_sheet([tile()], columns=3, tile_px=48)
  cut = tile()
  for panel, crop in zip(
    panels(sheet, 48), (cut.reference, cut.test, cut.scores), strict=True
  ):
    large = crop.repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_allclose(panel, large, atol=0.5 / 255 + 1e-6)


def test_found_is_red_and_truth_green_on_the_test_picture_alone():
  grey = np.full((40, 50, 3), 0.4, np.float32)
  cut = tile(
    boxes((20, 15, 30, 19)),
    boxes((21, 20, 29, 23)),
    pictures=(grey, grey, SCORES * 0),
  )
  sheet = sheets.draw_contact_sheet([cut], columns=1, tile_px=160)
  reference, test, scores = panels(sheet, 160)
  for colour, edges in (
    (RED, (30, 60, 130, 100)),
    (GREEN, (40, 110, 120, 140)),
  ):
    drawn = is_colour(test, colour)
    x1, y1, x2, y2 = edges  # tenfold, in the crop
    assert drawn[y1, x1:x2].all()
    assert drawn[y2 - 1, x1:x2].all()
    assert drawn[y1:y2, x1].all()
    assert drawn[y1:y2, x2 - 1].all()
    assert not drawn[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].any()
    assert not is_colour(reference, colour).any()
    assert not is_colour(scores, colour).any()


def test_a_caption_stands_over_its_tile():
  sheet = sheets.draw_contact_sheet([tile()], columns=1, tile_px=48)
  line = sheet[GAP_PX : GAP_PX + sheets.CAPTION_PX]
  assert line.min() < 0.3
  other = tile(failure=failure(name='x', confidence=0.11))
  changed = sheets.draw_contact_sheet([other], columns=1, tile_px=48)
  assert np.abs(sheet - changed)[GAP_PX + sheets.CAPTION_PX :].max() == 0
  assert np.abs(sheet - changed).max() > 0.3


@pytest.mark.parametrize(
  ('count', 'columns', 'rows', 'across'),
  [(1, 3, 1, 1), (3, 3, 1, 3), (4, 3, 2, 3), (5, 1, 5, 1)],
)
def test_tiles_are_laid_out_in_rows(count, columns, rows, across):
  shades = np.linspace(0.2, 0.6, count)
  pictures = [np.full((40, 50, 3), s, np.float32) for s in shades]
  cuts = [tile(pictures=(p, p, SCORES)) for p in pictures]
  sheet = sheets.draw_contact_sheet(cuts, columns=columns, tile_px=20)
  height = sheets.CAPTION_PX + 20 + GAP_PX
  width = 3 * 20 + 2 * (GAP_PX // 2) + GAP_PX
  assert sheet.shape == (GAP_PX + rows * height, GAP_PX + across * width, 3)
  assert sheet.dtype == np.float32
  assert sheet.min() >= 0
  assert sheet.max() == 1
  for index in range(rows * across):
    row, column = divmod(index, across)
    corner = sheet[GAP_PX + row * height :, GAP_PX + column * width :]
    expected = shades[index] if index < count else 1
    inside = corner[sheets.CAPTION_PX : sheets.CAPTION_PX + 20, :20]
    np.testing.assert_allclose(inside, expected, atol=1e-6)


def test_a_large_crop_shrinks_by_averaging():
  stripes = np.zeros((40, 50, 3), np.float32)
  stripes[:, ::2] = 1
  cut = tile(
    failure=failure((5, 5, 35, 35)),
    context_px=5,
    pictures=(stripes, stripes, SCORES),
  )
  sheet = sheets.draw_contact_sheet([cut], columns=1, tile_px=20)
  np.testing.assert_allclose(panels(sheet, 20)[0], 0.5, atol=1e-6)


def test_no_tile_gives_a_sheet_that_says_so():
  sheet = sheets.draw_contact_sheet([], columns=3, tile_px=96)
  assert sheet.shape[0] < 100
  assert sheet.dtype == np.float32
  assert sheet.min() < 0.3  # the word
  assert sheet.max() == 1


def test_what_cannot_be_drawn():
  with pytest.raises(ValueError, match='columns is 0'):
    sheets.draw_contact_sheet([tile()], columns=0, tile_px=9)
  with pytest.raises(ValueError, match='tile_px 0'):
    sheets.draw_contact_sheet([tile()], columns=1, tile_px=0)
  with pytest.raises(
    ValueError, match=r'00041205: reference .* differ in size'
  ):
    tile(pictures=(REFERENCE[1:], TEST, SCORES))
  with pytest.raises(ValueError, match='context_px is -1'):
    tile(context_px=-1)
