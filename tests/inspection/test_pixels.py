import numpy as np
import pytest

from zeroshot.data import pictures
from zeroshot.inspection import inputs


@pytest.mark.parametrize(
  ('kind', 'most'), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)]
)
@pytest.mark.parametrize('channels', [1, 2, 3, 4])
def test_pixels_keep_their_type_and_are_a_copy(kind, most, channels):
  rng = np.random.default_rng(0)
  array = (rng.random((6, 9, channels)) * most).astype(kind)
  pixels = inputs.to_pixels(array, role='test')
  assert pixels.dtype == kind
  assert pixels.shape == (6, 9, 3)
  assert pixels.flags.c_contiguous
  assert not np.shares_memory(pixels, array)
  image = pictures.as_image(inputs.to_pixels(array, role='test'))
  np.testing.assert_array_equal(image, pictures.as_image(pixels))
  np.testing.assert_allclose(image[..., 0], array[..., 0] / most, atol=1e-6)


def test_a_file_keeps_its_pixels(tmp_path):
  rng = np.random.default_rng(0)
  pictures.write_picture(tmp_path / 'a.png', rng.random((6, 9, 3), np.float32))
  pixels = inputs.to_pixels(tmp_path / 'a.png', role='test')
  assert pixels.dtype == np.uint8
  np.testing.assert_array_equal(
    pictures.as_image(pixels), pictures.read_picture(tmp_path / 'a.png')
  )


def test_sizes_may_differ(tmp_path):
  pictures.write_picture(tmp_path / 'a.png', np.full((40, 60, 3), 0.7))
  large = np.full((90, 80, 3), 200, np.uint8)
  pair = inputs.load_pair(tmp_path / 'a.png', large, max_megapixels=1)
  assert pair.reference.shape == (40, 60, 3)
  assert pair.test.shape == (90, 80, 3)
  assert pair.warnings == ()
