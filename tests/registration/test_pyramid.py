"""Copies of a picture: their texture, steep pixels and sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.registration.test_register import texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration.pyramid import FINEST_PX, Pyramid, shrink

HEIGHT, WIDTH = 120, 160


def pyramid(picture, valid=None):
  return Pyramid(as_uint8(picture), valid)


def scene(seed=0, height=HEIGHT, width=WIDTH):
  return texture(seed, height, width)


def spotted():
  """Flat but for a textured square in columns 90 to 129, rows 30 to 69."""
  picture = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
  picture[30:70, 90:130] = scene()[30:70, 90:130]
  return picture


def test_planes_are_made_once_for_each_size():
  copies = pyramid(scene())
  plane = copies.plane(0.5)
  assert copies.plane(0.5) is plane
  assert copies.plane(0.501) is plane  # of the same size
  assert copies.plane(1.0) is not plane
  assert plane.shape == (plane.height, plane.width) == (60, 80)
  assert plane.texture.shape == (60, 80)


def test_steep_pixels_are_found_once():
  plane = pyramid(scene()).plane(1.0)
  assert plane.steep is plane.steep


def test_once_makes_a_thing_for_each_name():
  copies, made = pyramid(scene()), []

  def make(of):
    assert of is copies
    made.append(1)
    return len(made)

  assert [copies.once(name, make) for name in 'aabab'] == [1, 1, 2, 1, 2]


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (2, 2), (33, 47)])
def test_planes_of_odd_or_tiny_sizes(shape):
  plane = pyramid(scene(1, *shape)).plane(1.0)
  assert plane.texture.shape == shape
  assert np.isfinite(plane.slopes).all()
  assert len(plane.steep.row) <= plane.texture.size


def test_slopes_have_one_contrast_under_light_from_one_side():
  picture = scene(3, 2 * HEIGHT, 2 * WIDTH)
  across = np.linspace(0.25, 1, 2 * WIDTH, dtype=np.float32)[:, None]
  dark, plain = (
    pyramid((picture * light).astype(np.float32)).plane(1.0)
    for light in (across, np.float32(1))
  )
  middle = slice(30, -30), slice(30, -30)
  left, right = (
    float(np.std(half)) for half in np.split(dark.slopes[middle][..., 0], 2, 1)
  )
  halves = np.split(dark.texture[middle], 2, 1)
  assert right / left < 1.25
  assert np.std(halves[1]) / np.std(halves[0]) > 1.5
  error = dark.slopes[middle][..., 0] - plain.slopes[middle][..., 0]
  assert np.std(error) < 0.25 * np.std(plain.slopes[middle][..., 0])


def test_steep_pixels_lie_where_texture_is_with_their_values():
  plane = pyramid(spotted()).plane(1.0)
  points = plane.steep
  assert len(points.row) > 100
  assert ((points.row >= 10) & (points.row < 90)).all()
  assert ((points.column >= 70) & (points.column < 150)).all()
  row, column = points.row.astype(int), points.column.astype(int)
  values = np.stack([points.texture, points.along_x, points.along_y], axis=1)
  np.testing.assert_array_equal(values, plane.slopes[row, column])
  assert (np.diff(row * plane.width + column) > 0).all()
  power = np.square(plane.slopes[..., 1:]).sum(axis=2)
  assert (power[row, column] > 0.5 * power.mean()).all()


def test_of_many_steep_pixels_some_thousand_over_the_picture_are_read():
  points = pyramid(scene(0, 480, 640)).plane(1.0).steep
  assert 2048 < len(points.row) <= 4096
  assert len(points.row) % 64 == 0  # whole rows are cheapest to read
  for places, side in ((points.row, 480), (points.column, 640)):
    assert places.min() < 0.1 * side
    assert places.max() > 0.9 * side


def test_few_steep_pixels_are_all_kept():
  plane = pyramid(scene(0, 7, 9)).plane(1.0)
  power = np.square(plane.slopes[..., 1:]).sum(axis=2)
  number = int((power > 0.5 * power.mean()).sum())
  assert 0 < len(plane.steep.row) == number < 64
  flat = pyramid(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)).plane(1.0)
  assert len(flat.steep.row) == 0


def test_slopes_are_the_derivatives_of_the_even_texture():
  plane = pyramid(scene(0, 2 * HEIGHT, 2 * WIDTH)).plane(1.0)
  even = plane.slopes[..., 0]
  np.testing.assert_allclose(
    plane.slopes[:, 1:-1, 1],
    (even[:, 2:] - even[:, :-2]) / 2,
    atol=1e-5,
  )
  np.testing.assert_allclose(
    plane.slopes[1:-1, :, 2],
    (even[2:] - even[:-2]) / 2,
    atol=1e-5,
  )


def test_a_texture_hardly_depends_on_light():
  picture = scene()
  plain = pyramid(picture).plane(1.0)
  assert plain.texture.std() == pytest.approx(1, abs=1e-3)
  spot = np.linspace(0.0, 0.3, WIDTH, dtype=np.float32)[:, None]
  lit = pyramid(0.2 + 0.4 * picture + spot).plane(1.0)
  assert lit.contrast == pytest.approx(0.4 * plain.contrast, rel=0.05)
  inner = np.s_[16:-16, 16:-16]
  error = (lit.texture - plain.texture)[inner]
  assert np.sqrt(np.mean(error**2)) < 0.1


def test_contrast_is_in_levels_and_flat_noise_is_not_amplified():
  picture = scene()
  grey = cv2.cvtColor(as_uint8(picture), cv2.COLOR_RGB2GRAY)
  plane = pyramid(picture).plane(1.0)
  assert 0.3 * grey.std() < plane.contrast < grey.std()
  faint = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
  faint[60, 80] = 129
  assert np.abs(Pyramid(faint).plane(1.0).texture).max() < 1


def test_every_kind_of_pixel_gives_the_same_planes():
  picture = as_uint8(scene())
  plane = Pyramid(picture).plane(0.5)
  wide = Pyramid(picture.astype(np.uint16) * 257).plane(0.5)
  real = Pyramid(picture.astype(np.float32) / 255).plane(0.5)
  np.testing.assert_array_equal(wide.grey, plane.grey)
  np.testing.assert_array_equal(real.grey, plane.grey)


def test_the_largest_copy_ends_at_the_finest_size():
  copies = Pyramid(np.zeros((800, 5120, 3), np.uint8))
  assert copies.shape == (800, 5120)
  assert copies.factor(FINEST_PX) == 0.5
  assert copies._halved[0].shape == (400, 2560)


@pytest.mark.parametrize('side', [97, 128, 150, 224, 383])
def test_copies_of_any_size_show_the_same(side):
  """Halved, or read between pixels: each lies where the picture does."""
  rows, columns = np.indices((384, 384))
  wave = 0.5 + 0.2 * np.sin(columns / 30) + 0.2 * np.cos(rows / 40)
  picture = np.repeat(wave[..., None], 3, axis=2).astype(np.float32)
  grey = pyramid(picture).plane(side / 384).grey
  assert grey.shape == (side, side)
  places = (np.arange(side) + 0.5) * 384 / side - 0.5
  expected = (
    0.5 + 0.2 * np.sin(places / 30) + 0.2 * np.cos(places[:, None] / 40)
  )
  error = np.abs(grey / 255 - expected)
  assert error.max() < 0.012
  assert error[1:-1, 1:-1].max() < 0.006  # whose neighbours all exist


def test_slender_pictures_are_shrunk_less():
  assert pyramid(scene()).factor(80) == 0.5
  assert pyramid(scene()).factor(1000) == 1
  strip = Pyramid(np.zeros((40, 1600, 3), np.uint8))
  assert strip.factor(160) == 0.5  # 20 px across, not 4
  endless = Pyramid(np.zeros((32, 32_768, 3), np.uint8))
  assert endless.factor(1280) == 0.5  # else it cannot be resampled


def test_content_is_where_no_pixel_lacks_it():
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[:, :41] = 0
  plane = pyramid(scene(), valid).plane(0.5)
  assert plane.valid.shape == (60, 80)
  assert not plane.valid[:, :21].any()  # half of the last column has none
  assert plane.valid[:, 21:].all()
  assert pyramid(scene()).plane(0.5).valid is None


def test_mirrored_exchanges_left_and_right():
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[:, :40] = 0
  copies = pyramid(scene(), valid)
  plane, mirrored = copies.plane(1.0), copies.mirrored().plane(1.0)
  np.testing.assert_array_equal(mirrored.grey, plane.grey[:, ::-1])
  np.testing.assert_array_equal(mirrored.valid, plane.valid[:, ::-1])


def test_shrink_averages_and_never_enlarges():
  picture = np.arange(16, dtype=np.float32).reshape(4, 4)
  np.testing.assert_allclose(shrink(picture, 2), [[2.5, 4.5], [10.5, 12.5]])
  assert shrink(picture, 4) is picture
  assert shrink(picture, 99) is picture
  assert shrink(np.zeros((50, 200, 3), np.uint8), 20).shape == (5, 20, 3)
