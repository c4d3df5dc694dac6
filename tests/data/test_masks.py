"""Masks: regions become boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.data import masks


def write(path, pixels):
  assert cv2.imwrite(str(path), pixels)
  return path


def test_regions_join_at_corners_and_boxes_hold_their_last_pixel(tmp_path):
  pixels = np.zeros((20, 30), np.uint8)
  pixels[2:4, 5:9] = 255
  pixels[4, 9] = 1  # at a corner of the first, and hardly grey
  pixels[19, 29] = 7
  pixels[2, 0] = 255
  path = write(tmp_path / 'a.png', pixels)
  assert masks.boxes_of(path) == [[0, 2, 0, 2], [5, 2, 9, 4], [29, 19, 29, 19]]


def test_any_colour_counts_and_alpha_does_not(tmp_path):
  pixels = np.zeros((8, 8, 4), np.uint8)
  pixels[..., 3] = 255
  pixels[1, 2, 0] = 9
  assert masks.boxes_of(write(tmp_path / 'a.png', pixels)) == [[2, 1, 2, 1]]


def test_black_is_a_good_part(tmp_path):
  path = write(tmp_path / 'a.png', np.zeros((8, 8), np.uint8))
  assert masks.boxes_of(path) == []


def test_a_lossy_picture_is_refused_by_its_content(tmp_path):
  pixels = np.zeros((8, 8), np.uint8)
  path = write(tmp_path / 'a.jpg', pixels).rename(tmp_path / 'a.png')
  with pytest.raises(ValueError, match=r'a\.png: a JPEG .*save it as PNG'):
    masks.boxes_of(path)
  lossy, lossless = cv2.IMWRITE_WEBP_QUALITY, cv2.IMWRITE_WEBP_LOSSLESS_MODE
  path = tmp_path / 'a.webp'
  cv2.imwrite(str(path), pixels, [lossy, 80])
  with pytest.raises(ValueError, match=r'a\.webp: a lossy WebP .*as PNG'):
    masks.boxes_of(path)
  cv2.imwrite(str(path), pixels, [lossless, cv2.IMWRITE_WEBP_LOSSLESS_ON])
  assert masks.boxes_of(path) == []
