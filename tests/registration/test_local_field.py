import cv2
import numpy as np
import pytest

from tests.registration.textures import smooth_noise
from zeroshot.boards import painter
from zeroshot.registration import local_field, transforms
from zeroshot.registration.warp import Warp, identity
from zeroshot.types import Tile

SIZE = 480
WHOLE = Tile(0, 0, SIZE, SIZE)
STILL = identity((SIZE, SIZE))


def texture(seed=0, size=SIZE):
  picture = smooth_noise(seed, size, size, (1.5, 5.0, 20.0))
  return np.clip(128 + 38 * picture, 0, 255).astype(np.uint8)


def board(seed=0, size=SIZE):
  random = np.random.default_rng(seed)
  copper = painter.draw(random, size_px=size).copper
  plane = painter.photograph(random, copper, shift_px=0.0)
  return np.repeat((30 + 200 * plane).astype(np.uint8)[..., None], 3, axis=2)


def photographed(picture, seed, gain=1.0, spread=2.0):
  random = np.random.default_rng(seed)
  noisy = gain * picture + random.normal(0, spread, picture.shape)
  return np.clip(noisy, 0, 255).astype(np.uint8)


def grid(size=SIZE):
  y, x = np.mgrid[:size, :size].astype(np.float32)
  return x, y


def wave(size=SIZE):
  """Up to 12 px between a crest and a trough 240 px away."""
  x, y = grid(size)
  along = 6 * np.sin(np.pi * (0.8 * x + 0.6 * y) / 240)
  return np.stack([0.6 * along, 0.8 * along], -1)


def barrel(size=SIZE):
  x, y = (2 * plane / (size - 1) - 1 for plane in grid(size))
  squared = x * x + y * y
  return 6 * np.stack([x * (squared - 1), y * (squared - 1)], -1)


def bow(size=SIZE):
  x, _ = (2 * plane / (size - 1) - 1 for plane in grid(size))
  return np.stack([0 * x, 9 * (x * x - 0.33)], -1)


def bent(picture, field):
  """The test picture that this field leads back to ``picture``."""
  x, y = grid(len(picture))
  x, y = x + field[..., 0], y + field[..., 1]
  return cv2.remap(
    picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
  )


@pytest.mark.parametrize('field', [wave(), barrel(), bow()])
def test_a_smooth_field_is_found(field):
  reference = texture()
  test = photographed(bent(reference, field), seed=1, gain=0.8)
  found = local_field.estimate_field(reference, test, STILL)
  wrong = np.linalg.norm(found.on(WHOLE) - field, axis=-1)[12:-12, 12:-12]
  assert np.median(wrong) < 0.15
  assert np.quantile(wrong, 0.99) < 1.0
  assert found.max_px > 5


@pytest.mark.parametrize('draw', [texture, board])
def test_two_takes_of_one_scene_need_no_field(draw):
  takes = [
    photographed(draw(), seed, gain) for seed, gain in ((1, 1), (2, 0.7))
  ]
  assert local_field.estimate_field(*takes, STILL) is None


def stripes():
  x, y = grid()
  plane = 128 + 60 * np.sign(np.sin(x / 4) * np.sin(y / 4))
  return np.repeat(plane.astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(
  'picture',
  [np.full((SIZE, SIZE, 3), 128, np.uint8), stripes()],
  ids=['blank', 'periodic'],
)
def test_what_says_nothing_gets_no_field(picture):
  takes = [photographed(picture, seed) for seed in (1, 2)]
  assert local_field.estimate_field(*takes, STILL) is None


def move(reference, test, box, by):
  """Puts a part into both pictures, in the test picture ``by`` px off."""
  left, top, width, height = box
  part = texture(7)[:height, :width] // 2
  reference[top : top + height, left : left + width] = part
  top, left = top + by[1], left + by[0]
  test[top : top + height, left : left + width] = part


PARTS = {
  'small': [(200, 220, 30, 24)],
  'large': [(180, 160, 120, 120)],
  'many': [(60, 60, 50, 40), (300, 90, 60, 60), (120, 320, 24, 58)],
}


@pytest.mark.parametrize('parts', PARTS.values(), ids=PARTS)
@pytest.mark.parametrize('field', [0 * wave(), 0.5 * wave()])
@pytest.mark.parametrize('draw', [texture, board])
def test_a_part_that_moved_alone_is_not_followed(draw, field, parts):
  reference, straight = draw(), draw()
  for part in parts:
    move(reference, straight, part, by=(5, -4))
  test = photographed(bent(straight, field), seed=1)
  found = local_field.estimate_field(reference, test, STILL)
  displacement = 0 * field if found is None else found.on(WHOLE)
  assert (found is None) == (not field.any())
  for left, top, width, height in parts:
    inside = slice(top, top + height), slice(left, left + width)
    wrong = np.linalg.norm((displacement - field)[inside], axis=-1)
    assert np.median(wrong) < 0.5


def test_sizes_types_and_a_matrix_are_respected():
  picture = texture()
  field = barrel()
  matrix = transforms.translation(40, 25) @ np.diag((1.5, 1.5, 1.0))
  test = bent(picture, field)
  reference = cv2.warpAffine(
    picture, matrix[:2], (900, 800), flags=cv2.INTER_CUBIC
  )
  warp = Warp(matrix, (800, 900), (SIZE, SIZE))
  kinds = (
    (reference, test),
    (reference.astype(np.uint16) * 16, test),
    (reference / np.float32(255), test.astype(np.uint16) * 257),
  )
  for pair in kinds:
    found = local_field.estimate_field(*pair, warp)
    wrong = np.linalg.norm(found.on(WHOLE) - field, axis=-1)
    assert np.median(wrong) < 0.15


def test_a_large_picture_is_compared_on_a_copy():
  size = 1600
  field = barrel(size) * 2
  reference = cv2.resize(texture(), (size, size))
  found = local_field.estimate_field(
    reference, bent(reference, field), identity((size, size))
  )
  wrong = np.linalg.norm(found.on(Tile(0, 0, size, size)) - field, axis=-1)
  assert np.median(wrong) < 0.3


def test_what_is_not_valid_is_not_looked_at():
  reference = texture()
  test = bent(reference, bow())
  valid = np.zeros((SIZE, SIZE), np.float32)
  assert local_field.estimate_field(reference, test, STILL, valid) is None
  valid[:, :300] = 1
  reference[:, 300:] = texture(5)[:, 300:]
  found = local_field.estimate_field(reference, test, STILL, valid)
  wrong = np.linalg.norm(found.on(WHOLE) - bow(), axis=-1)[:, :290]
  assert np.median(wrong) < 0.15


def test_a_small_picture_gets_no_field():
  small = texture(size=60)
  shape = small.shape[:2]
  test = np.roll(small, 2, axis=0)
  assert local_field.estimate_field(small, test, identity(shape)) is None


def test_a_field_is_read_at_any_number_of_points():
  found = local_field.estimate_field(texture(), bent(texture(), bow()), STILL)
  x, y = (plane.ravel() for plane in grid())
  assert len(x) > 2**15
  shift = found.at(x, y).reshape(SIZE, SIZE, 2)
  np.testing.assert_allclose(shift, found.on(WHOLE), atol=0.1)
  np.testing.assert_array_equal(found.at(x[:3], y[:3]), shift[0, :3])
  assert found.at(x[:0], y[:0]).shape == (0, 2)
