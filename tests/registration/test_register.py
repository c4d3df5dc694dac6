import cv2
import numpy as np
import pytest

from tests.registration.textures import smooth_noise
from zeroshot.registration import register, resampling, transforms

HEIGHT, WIDTH = 240, 320
MOVES = {
  'shift': (0.0, 1.0, 4.0, -3.0),
  'turn': (1.0, 1.0, 0.0, 0.0),
  'both': (-2.5, 1.0, 8.0, 6.0),
  'far': (10.0, 1.05, -10.0, 12.0),
}


def texture(seed=0, height=HEIGHT, width=WIDTH):
  """A colour picture with edges of all sizes."""
  picture = smooth_noise(seed, height, width, (2.0, 6.0, 20.0))
  return np.clip(0.5 + 0.15 * picture, 0, 1)


def board(seed=0, height=HEIGHT, width=WIDTH):
  """A black and white picture with parallel traces and pads."""
  random = np.random.default_rng(seed)
  picture = np.ones((height, width, 3), np.float32)
  for x in range(20, width, 36):
    bend = int(random.integers(60, height - 60))
    points = np.array(
      [[x, 0], [x, bend], [x + 30, bend + 30], [x + 30, height]]
    )
    cv2.polylines(picture, [points], False, (0, 0, 0), 9)
    centre = (x, int(random.integers(20, height - 20)))
    cv2.circle(picture, centre, 10, (0, 0, 0), -1)
  return picture


def matrix_of(move, height=HEIGHT, width=WIDTH):
  turn, scale, dx, dy = move
  return transforms.translation(dx, dy) @ transforms.turn_and_scale(
    turn, scale, height=height, width=width
  )


def moved(picture, matrix):
  size = picture.shape[1::-1]
  return cv2.warpAffine(
    picture, matrix[:2], size, borderMode=cv2.BORDER_REPLICATE
  )


def farthest_px(estimate, truth, height=HEIGHT, width=WIDTH):
  return transforms.farthest_px(
    np.linalg.inv(truth) @ estimate, height=height, width=width
  )


def assert_unmoved(result, reference):
  assert result.aligned_reference is reference
  assert result.method == 'none'
  assert result.valid.all()
  np.testing.assert_array_equal(result.matrix, np.eye(3))
  assert (result.shift_px, result.rotation_deg, result.scale) == (0, 0, 1)


@pytest.mark.parametrize('move', MOVES.values(), ids=MOVES)
@pytest.mark.parametrize('draw', [texture, board])
def test_a_known_move_is_found(draw, move):
  test, truth = draw(), matrix_of(move)
  result = register.register(moved(test, truth), test, method='affine')
  assert result.reason == ''
  assert result.method == 'affine'
  assert farthest_px(result.matrix, truth) < 0.5
  assert result.rotation_deg == pytest.approx(move[0], abs=0.1)
  assert result.scale == pytest.approx(move[1], abs=0.003)
  assert result.shift_px == pytest.approx(np.hypot(*move[2:]), abs=0.3)
  assert result.similarity_after > result.similarity_before
  error = np.abs(result.aligned_reference - test)[result.valid > 0]
  assert error.mean() < 0.03


@pytest.mark.parametrize('move', MOVES.values(), ids=MOVES)
def test_light_noise_and_true_differences_do_not_pull(move):
  random = np.random.default_rng(1)
  reference, truth = texture(), matrix_of(move)
  test = reference.copy()
  test[40:130, 60:170] = texture(9)[40:130, 60:170]
  test = 0.2 + 0.6 * test + 0.15 * np.linspace(0, 1, WIDTH)[None, :, None]
  test = test + random.normal(0, 0.03, test.shape)
  result = register.register(
    moved(reference, truth), test.astype(np.float32), method='affine'
  )
  assert result.reason == ''
  assert farthest_px(result.matrix, truth) < 0.5


def test_parallel_traces_alone_are_matched_across():
  test = np.ones((HEIGHT, WIDTH, 3), np.float32)
  for x in (30, 70, 140, 200, 290):
    test[:, x : x + 14] = 0
  reference = moved(test, matrix_of((5.0, 1.0, 7.0, 0.0)))
  result = register.register(reference, test, method='affine')
  assert result.method == 'affine'
  difference = np.abs(result.aligned_reference - test)[result.valid > 0]
  assert difference.mean() < 0.02


def test_there_and_back_is_no_move():
  reference, test = texture(), moved(texture(), matrix_of(MOVES['both']))
  there = register.register(reference, test, method='affine').matrix
  back = register.register(test, reference, method='affine').matrix
  np.testing.assert_allclose(there @ back, np.eye(3), atol=0.3)


def test_none_hands_everything_back():
  reference, test = texture(0), texture(1)
  result = register.register(reference, test, method='none')
  assert_unmoved(result, reference)
  assert result.reason == ''


@pytest.mark.parametrize(
  ('reference', 'test', 'words'),
  [
    (texture(), texture(), 'identical'),
    (texture(), texture() * np.float32(0.8), 'already'),
    (texture(0), texture(1), 'too unlike|no plausible'),
    (board(0), texture(1), 'too unlike|no plausible'),
    (np.ones((99, 99, 3), np.float32), texture(0, 99, 99), 'unlike|plausible'),
    (texture(0, 31, 200), texture(1, 31, 200), 'shorter than 32 px'),
  ],
  ids=['identical', 'dimmed', 'unrelated', 'kinds', 'blank', 'narrow'],
)
def test_what_cannot_be_helped_stays_as_it_is(reference, test, words):
  result = register.register(reference, test, method='affine')
  assert_unmoved(result, reference)
  assert any(word in result.reason for word in words.split('|')), result.reason


def test_valid_is_where_the_source_has_content():
  test, truth = texture(), matrix_of((0.0, 1.0, 20.0, 0.0))
  reference = moved(test, truth)  # nothing right of it is in the picture
  result = register.register(reference, test, method='affine')
  assert not result.valid[:, -18:].any()
  assert result.valid[:, :-22].all()
  assert result.valid.dtype == np.float32

  given = np.ones((HEIGHT, WIDTH), np.float32)
  given[:, :100] = 0
  result = register.register(reference, test, method='affine', valid=given)
  assert farthest_px(result.matrix, truth) < 0.5
  assert not result.valid[:, :78].any()
  assert result.valid[:, 82:-22].all()


def test_what_is_not_valid_does_not_pull():
  test, truth = texture(), matrix_of(MOVES['shift'])
  reference = moved(test, truth)
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  reference[:, :130], valid[:, :130] = test[:, :130], 0
  result = register.register(reference, test, method='affine', valid=valid)
  assert farthest_px(result.matrix, truth) < 0.5


def test_a_valid_mask_is_kept_by_a_reference_that_stays():
  valid = np.zeros((HEIGHT, WIDTH), np.float32)
  for method in ('none', 'affine'):
    result = register.register(
      texture(0), texture(1), method=method, valid=valid
    )
    assert not result.valid.any()


def test_homography_follows_a_change_of_perspective():
  test = texture()
  truth = matrix_of(MOVES['both'])
  truth[2, :2] = (6e-5, -4e-5)
  reference = cv2.warpPerspective(
    test, truth, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
  )
  result = register.register(reference, test, method='homography')
  assert result.method == 'homography'
  assert farthest_px(result.matrix, truth) < 0.5
  affine = register.register(reference, test, method='affine')
  assert farthest_px(affine.matrix, truth) > 0.5


def test_a_large_picture_is_moved_at_its_own_size():
  test = cv2.resize(texture(), (1500, 1100))
  truth = matrix_of((2.0, 1.01, 25.0, -12.0), 1100, 1500)
  result = register.register(moved(test, truth), test, method='affine')
  assert result.valid.shape == (1100, 1500)
  assert farthest_px(result.matrix, truth, 1100, 1500) < 1.0


def test_the_inputs_are_left_alone():
  test = texture()
  reference = moved(test, matrix_of(MOVES['far']))
  copies = reference.copy(), test.copy()
  register.register(reference, test, method='affine')
  np.testing.assert_array_equal(reference, copies[0])
  np.testing.assert_array_equal(test, copies[1])


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (dict(method='rigid'), "registration is 'rigid'; use one of"),
    (dict(test=texture()[..., 0]), 'test picture is float32'),
    (dict(reference=texture().astype(np.float64)), 'reference picture is'),
    (dict(valid=np.ones((3, 3), np.float32)), 'valid is float32'),
    (dict(valid=np.ones((HEIGHT, WIDTH), bool)), 'valid is bool'),
  ],
)
def test_a_wrong_input_is_named(changes, words):
  inputs = dict(
    reference=texture(0), test=texture(1), method='affine', valid=None
  )
  inputs.update(changes)
  reference, test = inputs.pop('reference'), inputs.pop('test')
  with pytest.raises(ValueError, match=words):
    register.register(reference, test, **inputs)


def deeppcb_pairs(shared, num):
  root = shared / 'deeppcb' / 'PCBData'
  if not root.is_dir():
    pytest.skip(f'no folder {root}')
  lines = (root / 'trainval.txt').read_text().split('\n')[3:-1]
  for line in lines[:: len(lines) // num]:
    stem = root / line.split()[0][: -len('.jpg')]
    yield [
      cv2.imread(f'{stem}_{side}.jpg', cv2.IMREAD_COLOR_RGB).astype(np.float32)
      / 255
      for side in ('temp', 'test')
    ]


def unlike(reference, test, valid):
  """Share of pixels that differ in black and white."""
  return ((reference > 0.5) != (test > 0.5))[valid > 0].mean()


def test_real_pairs_become_no_worse_and_survive_a_move(shared):
  for reference, test in deeppcb_pairs(shared, 4):
    height, width = test.shape[:2]
    still = register.register(reference, test, method='affine')
    before = unlike(reference, test, still.valid)
    after = unlike(still.aligned_reference, test, still.valid)
    assert after <= before + 2e-4
    for move in MOVES.values():
      away = moved(reference, matrix_of(move, height, width))
      result = register.register(away, test, method='affine')
      again = unlike(result.aligned_reference, test, result.valid)
      assert again <= 1.15 * after + 1e-3


@pytest.mark.parametrize('seed', range(3))
def test_light_that_grows_to_a_corner_does_not_pull(seed):
  picture = texture(seed, 240, 320)
  y, x = np.mgrid[:240, :320] / np.reshape((240, 320), (2, 1, 1))
  light = (0.1 + 1.1 * x * y**0.5)[..., None]
  truth = transforms.translation(4.5, -3.5) @ transforms.turn_and_scale(
    2.0, 1.02, height=240, width=320
  )
  lit = np.clip(resampling.warp(picture, truth) * light, 0, 1)
  move = register.estimate_move(
    picture, lit.astype(np.float32), method='affine'
  )
  away = np.linalg.inv(truth) @ move.warp.matrix
  assert transforms.farthest_px(away, height=240, width=320) < 0.1
