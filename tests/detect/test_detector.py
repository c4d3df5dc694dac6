"""Detection end to end: registration, scores and boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.model import parts
from zeroshot.data.pictures import as_image
from zeroshot.detect import detector, scorers
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.registration.lighting import with_lighting_of

OPTIONS = dict(
  kinds='none',
  dark_is_conductor=True,
  registration='none',
  tile_px=256,
  tile_overlap_px=32,
  min_confidence=0.0,
  box_margin_px=0.0,
  threshold=0.3,
  min_area_px=4.0,
  join_px=2.0,
  extent_share=0.4,
  hidden_px=0.0,
)


def scene(height, width, seed=0):
  """A smooth picture with content everywhere."""
  noise = parts.noise(height, width, 3, seed=seed)
  smooth = cv2.GaussianBlur(noise, (0, 0), 3)
  return np.clip(0.5 + 4 * (smooth - smooth.mean()), 0, 1).astype(np.float32)


def with_defect(image, top, left, height, width):
  changed = image.copy()
  window = changed[top : top + height, left : left + width]
  window[:] = np.where(window > 0.5, window - 0.5, window + 0.5)
  return changed


def plain_score(reference, test):
  return np.abs(as_image(reference) - as_image(test)).max(-1)


def far_score(reference, test):
  """A score with a reach of 12 px, invariant to lighting."""
  lit = with_lighting_of(as_image(test), as_image(reference))
  return cv2.blur(plain_score(lit, test), (25, 25))


PLAIN = scorers.Scorer(plain_score, stride_px=8)


def detect(
  reference, test, mask=None, *, scorer=PLAIN, calibration=None, **changes
):
  """Detects with ``config.detect`` as of ``OPTIONS``, but for the changes."""
  find = detector.build_detector(scorer, OPTIONS | changes, calibration)
  return find(reference, test, mask)


@pytest.mark.parametrize(
  ('height', 'width'), [(101, 67), (64, 64), (33, 200), (1, 5)]
)
@pytest.mark.parametrize('method', ['none', 'affine'])
def test_an_identical_pair_has_no_boxes(height, width, method):
  image = scene(height, width)
  result = detect(image, image, registration=method)
  assert result.scores.shape == (height, width)
  assert result.scores.dtype == np.float32
  assert not result.scores.any()
  assert result.boxes.xyxy.shape == (0, 4)
  assert result.boxes.kind == ()
  assert result.registration.method == 'none'


@pytest.mark.parametrize(('height', 'width'), [(101, 67), (67, 101)])
def test_a_defect_is_boxed_where_it_is(height, width):
  reference = scene(height, width)
  test = with_defect(reference, 20, 30, 12, 9)
  result = detect(reference, test)
  np.testing.assert_array_equal(result.boxes.xyxy, [[30, 20, 39, 32]])
  assert result.boxes.kind == ('difference',)
  assert result.boxes.confidence[0] > 0.45


def test_tiles_and_whole_find_the_same():
  reference = scene(90, 150)
  test = with_defect(reference, 40, 60, 10, 14)
  whole = detect(reference, test)
  tiled = detect(reference, test, tile_px=64)
  np.testing.assert_allclose(tiled.scores, whole.scores, atol=1e-6)
  np.testing.assert_array_equal(tiled.boxes.xyxy, whole.boxes.xyxy)


def test_a_moved_reference_is_moved_back():
  large = scene(150, 190)
  test = with_defect(large[10:138, 10:170], 50, 70, 16, 16)
  reference = np.ascontiguousarray(large[13:141, 5:165])
  crooked = detect(reference, test)
  result = detect(reference, test, registration='affine')
  assert result.registration.method == 'affine'
  assert result.registration.shift_px == pytest.approx(np.hypot(3, 5), abs=0.5)
  assert result.scores.mean() < 0.5 * crooked.scores.mean()
  (box,) = result.boxes.xyxy
  assert np.abs(box - [70, 50, 86, 66]).max() <= 3
  beyond = result.registration.valid == 0
  assert beyond.any()
  assert not result.scores[beyond].any()


def test_what_has_no_content_is_never_marked():
  reference, test = scene(80, 100), scene(80, 100, seed=1)
  valid = np.ones((80, 100), np.float32)
  valid[:30] = valid[:, 60:] = 0
  assert detect(reference, test).scores[valid == 0].max() > 0.3
  result = detect(reference, test, valid)
  assert not result.scores[valid == 0].any()
  assert result.scores.max() > 0.3
  assert len(result.boxes.xyxy) > 0
  for left, top, right, bottom in result.boxes.xyxy:
    assert right <= 60
    assert bottom > 30
    assert top >= 30
    assert left >= 0


def test_nothing_valid_is_nothing_found():
  reference, test = scene(40, 40), scene(40, 40, seed=1)
  result = detect(reference, test, np.zeros((40, 40), np.float32))
  assert not result.scores.any()
  assert len(result.boxes.xyxy) == 0


def test_what_has_no_content_does_not_leak():
  """The reference is black where it has nothing, and in its own light."""
  test = scene(60, 60)
  valid = np.ones((60, 60), np.float32)
  valid[:, :20] = 0
  for reference in (test, (0.7 * test + 0.1).astype(np.float32)):
    black = reference * valid[..., None]
    assert far_score(black, test)[:, 23:].max() > 0.1
    scorer = scorers.Scorer(far_score, stride_px=8)
    result = detect(black, test, valid, scorer=scorer)
    assert result.scores.max() < 5e-3


def test_content_mixed_with_nothing_is_not_marked():
  """As by resampling, at the border of what is valid."""
  test = scene(60, 60)
  valid = np.ones((60, 60), np.float32)
  valid[:, :20] = 0
  reference = test * valid[..., None]
  reference[:, 20] *= 0.3
  assert plain_score(reference, test)[:, 20].max() > 0.3
  result = detect(reference, test, valid)
  assert not result.scores.any()
  # A defect beside the rim is none of it.
  defective = with_defect(test, 30, 23, 8, 10)
  (box,) = detect(reference, defective, valid).boxes.xyxy
  np.testing.assert_array_equal(box, [23, 30, 33, 38])


def test_a_moved_reference_in_another_light_leaves_no_seam():
  large = scene(150, 190)
  test = np.ascontiguousarray(large[10:138, 10:170])
  reference = (0.6 * large[20:148, :160] + 0.05).astype(np.float32)
  detection = detect(
    reference,
    test,
    scorer=scorers.Scorer(far_score, stride_px=8),
    registration='affine',
    threshold=0.05,
  )
  shift_px = detection.registration.shift_px
  assert shift_px == pytest.approx(np.hypot(10, 10), abs=0.5)
  valid = detection.registration.valid > 0
  assert 0.8 < valid.mean() < 0.95
  assert detection.scores.max() < 0.01
  # Without the reference's lighting, the test picture itself would stand out.
  aligned = detection.registration.aligned_reference / np.float32(255)
  unlit = np.where(valid[..., None], aligned, test)
  assert (far_score(unlit, test) * valid).max() > 0.05


# --- Confidences ------------------------------------------------------------


def two_defects():
  """A pair whose differences have confidences of 0.75 and 0.5."""
  reference = np.full((60, 80, 3), 0.25, np.float32)
  test = reference.copy()
  test[10:20, 10:20] = 1.0
  test[30:40, 50:60] = 0.75
  return reference, test


def test_confidences_are_calibrated_and_nothing_else():
  calibration = Calibration(slope=2.0, offset=-1.0, threshold=0.9)
  plain = detect(*two_defects())
  result = detect(*two_defects(), calibration=calibration)
  np.testing.assert_allclose(plain.boxes.confidence, [0.75, 0.5], atol=3e-3)
  np.testing.assert_allclose(
    result.boxes.confidence, [0.76804, 0.26894], atol=5e-3
  )
  np.testing.assert_array_equal(
    result.boxes.confidence,
    apply_calibration(plain.boxes.confidence, calibration),
  )
  np.testing.assert_array_equal(result.boxes.xyxy, plain.boxes.xyxy)
  np.testing.assert_array_equal(result.scores, plain.scores)


@pytest.mark.parametrize(
  ('min_confidence', 'offset', 'lefts'),
  [
    (0.0, None, [10, 50]),
    (0.49, None, [10, 50]),
    (0.6, None, [10]),
    (0.8, None, []),
    (0.7, 1.0, [10, 50]),  # they become 0.89 and 0.73
    (0.8, 1.0, [10]),
    (0.5, -1.0, [10]),  # they become 0.52 and 0.27
    (0.6, -1.0, []),
  ],
)
def test_the_least_confident_are_dropped_once_calibrated(
  min_confidence, offset, lefts
):
  calibration = None if offset is None else Calibration(1.0, offset, 0.0)
  result = detect(
    *two_defects(),
    min_confidence=min_confidence,
    calibration=calibration,
  ).boxes
  assert result.xyxy[:, 0].tolist() == lefts
  assert (result.confidence >= min_confidence).all()
  assert len(result.kind) == len(lefts)


@pytest.mark.parametrize(
  ('reference', 'test'),
  [
    ((20, 30), (20, 30)),
    ((20, 30, 4), (20, 30, 4)),
    ((1, 20, 30, 3), (1, 20, 30, 3)),
  ],
)
def test_pictures_that_do_not_fit_are_named(reference, test):
  pictures = (np.zeros(shape, np.float32) for shape in (reference, test))
  with pytest.raises(ValueError, match='two RGB images') as raised:
    detect(*pictures)
  assert str(reference) in str(raised.value)


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    (dict(registration='magic'), "registration is 'magic'"),
    (dict(tile_px=32), 'tiles of 32 px'),
    (dict(threshold=2.0), 'threshold'),
  ],
)
def test_settings_that_make_no_sense_are_named(changes, message):
  image = scene(40, 40)
  with pytest.raises(ValueError, match=message):
    detect(image, image, **changes)
