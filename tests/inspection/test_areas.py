"""Regions of interest and ignore masks, and the errors of wrong ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.inspection import areas


def roi_mask(*roi, ignore=None):
  return areas.roi_mask(roi, ignore, height=4, width=6)


def test_nothing_given_is_everywhere():
  assert roi_mask() is None


def test_regions_are_joined_and_the_mask_is_taken_out():
  ignore = np.zeros((4, 6), np.uint8)
  ignore[0, 0] = 1  # any value other than 0
  mask = roi_mask((0, 0, 2, 1), (4, 2, 6, 4), ignore=ignore)
  expected = np.zeros((4, 6), np.uint8)
  expected[0, 1] = 1
  expected[2:, 4:] = 1
  np.testing.assert_array_equal(mask, expected)
  assert mask.dtype == np.uint8


def test_a_mask_alone_leaves_the_rest():
  ignore = np.eye(4, 6).astype(bool)
  np.testing.assert_array_equal(roi_mask(ignore=ignore), 1.0 - ignore)


@pytest.mark.parametrize(
  ('roi', 'ignore', 'message'),
  [
    ([(0, 0, 7, 4)], None, r'roi 0,0,7,4 reaches beyond .* 6x4'),
    ([(3, 0, 3, 4)], None, 'roi 3,0,3,4 is empty'),
    ([(-1, 0, 3, 4)], None, 'begins before 0'),
    ([(0, 0, float('nan'), 4)], None, 'four numbers'),
    ([(0, 0, 3)], None, 'four numbers'),
    ([], np.zeros((6, 4), np.uint8), r'mask is 4x6 and the test picture 6x4'),
    ([], np.ones((4, 6), np.uint8), 'no pixel to inspect'),
    ([], 'nowhere.png', 'nowhere.png'),
  ],
)
def test_what_does_not_fit_is_named(roi, ignore, message):
  with pytest.raises(ValueError, match=message):
    roi_mask(*roi, ignore=ignore)


def test_a_lossy_mask_is_refused_whatever_its_name(tmp_path):
  for name in ('mask.jpg', 'mask.png'):
    path = tmp_path / name
    path.write_bytes(cv2.imencode('.jpg', np.zeros((4, 6), np.uint8))[1])
    message = f'{name}: a JPEG changes the colours of a mask'
    with pytest.raises(ValueError, match=message):
      roi_mask(ignore=path)
