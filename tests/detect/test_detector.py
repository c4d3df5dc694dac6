"""The door of detection: registration, scores and boxes put together."""

from __future__ import annotations

import functools

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.model import parts
from zeroshot.detect import classical, detector
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.model.build import build_model
from zeroshot.registration.lighting import with_lighting_of

BOXES = dict(
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
  return np.abs(reference - test).max(-1)


def far_score(reference, test):
  """Looks 12 px far, and does not mind another light."""
  lit = with_lighting_of(test, reference)
  return cv2.blur(plain_score(lit, test), (25, 25))


detect = functools.partial(
  detector.detect,
  scorer=detector.Scorer(plain_score, stride_px=8),
  method='none',
  tile_px=256,
  overlap_px=32,
  box_settings=BOXES,
  min_confidence=0.0,
)


@pytest.mark.parametrize(
  ('height', 'width'), [(101, 67), (64, 64), (33, 200), (1, 5)]
)
@pytest.mark.parametrize('method', ['none', 'affine'])
def test_an_identical_pair_has_no_boxes(height, width, method):
  image = scene(height, width)
  found = detect(image, image, method=method)
  assert found.scores.shape == (height, width)
  assert found.scores.dtype == np.float32
  assert not found.scores.any()
  assert found.boxes.xyxy.shape == (0, 4)
  assert found.boxes.kind == ()
  assert found.registration.method == 'none'


@pytest.mark.parametrize(('height', 'width'), [(101, 67), (67, 101)])
def test_a_defect_is_boxed_where_it_is(height, width):
  reference = scene(height, width)
  test = with_defect(reference, 20, 30, 12, 9)
  found = detect(reference, test)
  np.testing.assert_array_equal(found.boxes.xyxy, [[30, 20, 39, 32]])
  assert found.boxes.kind == ('difference',)
  assert found.boxes.confidence[0] > 0.45


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
  found = detect(reference, test, method='affine')
  assert found.registration.method == 'affine'
  assert found.registration.shift_px == pytest.approx(np.hypot(3, 5), abs=0.5)
  assert found.scores.mean() < 0.5 * crooked.scores.mean()
  (box,) = found.boxes.xyxy
  assert np.abs(box - [70, 50, 86, 66]).max() <= 3
  beyond = found.registration.valid == 0
  assert beyond.any()
  assert not found.scores[beyond].any()


def test_what_has_no_content_is_never_marked():
  reference, test = scene(80, 100), scene(80, 100, seed=1)
  valid = np.ones((80, 100), np.float32)
  valid[:30] = valid[:, 60:] = 0
  assert detect(reference, test).scores[valid == 0].max() > 0.3
  found = detect(reference, test, valid)
  assert not found.scores[valid == 0].any()
  assert found.scores.max() > 0.3
  assert len(found.boxes.xyxy) > 0
  for left, top, right, bottom in found.boxes.xyxy:
    assert right <= 60
    assert bottom > 30
    assert top >= 30
    assert left >= 0


def test_nothing_valid_is_nothing_found():
  reference, test = scene(40, 40), scene(40, 40, seed=1)
  found = detect(reference, test, np.zeros((40, 40), np.float32))
  assert not found.scores.any()
  assert len(found.boxes.xyxy) == 0


def test_what_has_no_content_does_not_leak():
  """The reference is black where it has nothing, and in its own light."""
  test = scene(60, 60)
  valid = np.ones((60, 60), np.float32)
  valid[:, :20] = 0
  for reference in (test, (0.7 * test + 0.1).astype(np.float32)):
    black = reference * valid[..., None]
    assert far_score(black, test)[:, 23:].max() > 0.1
    scorer = detector.Scorer(far_score, stride_px=8)
    found = detect(black, test, valid, scorer=scorer)
    assert found.scores.max() < 1e-3


# --- Stand-in content, and the rim ------------------------------------------


@pytest.mark.parametrize('columns', [5, 25, 60])
@pytest.mark.parametrize(('gain', 'offset'), [(1, 0), (0.7, 0.2), (1.3, -0.2)])
def test_stand_in_content_has_the_reference_s_light(columns, gain, offset):
  test = scene(60, 80)
  reference = (gain * test + offset).astype(np.float32)
  valid = np.ones((60, 80), np.float32)
  valid[:, :columns] = 0
  filled = detector.fill(reference * valid[..., None], test, valid)
  np.testing.assert_allclose(filled, reference, atol=1e-3)
  assert filled.dtype == np.float32
  np.testing.assert_array_equal(filled[:, columns:], reference[:, columns:])


def test_nothing_is_filled_where_there_is_content():
  reference, test = scene(30, 40), scene(30, 40, seed=1)
  everywhere = np.ones((30, 40), np.float32)
  assert detector.fill(reference, test, everywhere) is reference
  nowhere = detector.fill(reference, test, np.zeros_like(everywhere))
  np.testing.assert_array_equal(nowhere, test)


def test_the_rim_of_what_is_valid_is_left_out():
  valid = np.ones((40, 60), np.float32)
  valid[:, :20] = 0
  expected = np.ones((40, 60))
  expected[:, :23] = 0  # up to the upper and lower edge, and not beyond 23
  seen = detector.within(valid)
  np.testing.assert_array_equal(seen, expected)
  assert seen.dtype == np.float32
  hole = np.ones((40, 60), np.float32)
  hole[10, 30] = 0
  expected = np.ones((40, 60))
  expected[7:14, 27:34] = 0
  np.testing.assert_array_equal(detector.within(hole), expected)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (40, 60)])
@pytest.mark.parametrize('value', [0, 1])
def test_the_edge_of_the_picture_is_no_rim(shape, value):
  valid = np.full(shape, value, np.float32)
  np.testing.assert_array_equal(detector.within(valid), valid)


def test_content_mixed_with_nothing_is_not_marked():
  """As by resampling, at the border of what is valid."""
  test = scene(60, 60)
  valid = np.ones((60, 60), np.float32)
  valid[:, :20] = 0
  reference = test * valid[..., None]
  reference[:, 20] *= 0.3
  assert plain_score(reference, test)[:, 20].max() > 0.3
  found = detect(reference, test, valid)
  assert not found.scores.any()
  # A defect beside the rim is none of it.
  defective = with_defect(test, 30, 23, 8, 10)
  (box,) = detect(reference, defective, valid).boxes.xyxy
  np.testing.assert_array_equal(box, [23, 30, 33, 38])


def test_a_moved_reference_in_another_light_leaves_no_seam(monkeypatch):
  large = scene(150, 190)
  test = np.ascontiguousarray(large[10:138, 10:170])
  reference = (0.6 * large[20:148, :160] + 0.05).astype(np.float32)
  look = functools.partial(
    detect,
    reference,
    test,
    scorer=detector.Scorer(far_score, stride_px=8),
    method='affine',
    box_settings=BOXES | dict(threshold=0.05),
  )
  found = look()
  assert found.registration.shift_px == pytest.approx(np.hypot(10, 10), abs=0.5)
  assert 0.8 < found.registration.valid.mean() < 0.95
  assert found.scores.max() < 0.01
  # Without the reference's light, the test picture's own content stands out.
  monkeypatch.setattr(
    detector,
    'fill',
    lambda reference, test, valid: np.where(
      valid[..., None] > 0, reference, test
    ),
  )
  assert len(look().boxes.xyxy) > 0


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
  found = detect(*two_defects(), calibration=calibration)
  np.testing.assert_array_equal(plain.boxes.confidence, [0.75, 0.5])
  np.testing.assert_allclose(
    found.boxes.confidence, [0.76804, 0.26894], atol=1e-4
  )
  np.testing.assert_array_equal(
    found.boxes.confidence,
    apply_calibration(plain.boxes.confidence, calibration),
  )
  np.testing.assert_array_equal(found.boxes.xyxy, plain.boxes.xyxy)
  np.testing.assert_array_equal(found.scores, plain.scores)


@pytest.mark.parametrize(
  ('min_confidence', 'offset', 'lefts'),
  [
    (0.0, None, [10, 50]),
    (0.5, None, [10, 50]),  # at least so much
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
  found = detect(
    *two_defects(),
    min_confidence=min_confidence,
    calibration=calibration,
  ).boxes
  assert found.xyxy[:, 0].tolist() == lefts
  assert (found.confidence >= min_confidence).all()
  assert len(found.kind) == len(lefts)


# --- Kinds ------------------------------------------------------------------


def circuit():
  """Two traces of copper, and what is left of them: an open and an island."""
  reference = np.full((90, 120, 3), 0.9, np.float32)
  reference[20:32] = reference[60:72] = 0.1
  test = reference.copy()
  test[20:32, 50:60] = 0.9
  test[42:50, 80:88] = 0.1
  return reference, test


def kinds_found(reference, test, valid=None, *, scorer=None, **changes):
  """Kinds by the left side of their boxes."""
  config = default.get_config().detect
  config.update(dict(registration='none', threshold=0.3) | changes)
  scorer = scorer or detector.Scorer(plain_score, stride_px=1)
  found = detector.build_detector(scorer, config)(reference, test, valid).boxes
  lefts = found.xyxy[:, 0].astype(int).tolist()
  return dict(zip(lefts, found.kind, strict=True)), found.kind_confidence


def test_boxes_are_named():
  found, confidence = kinds_found(*circuit())
  assert found == {50: 'open', 80: 'copper'}
  assert confidence.shape == (2,)
  assert (confidence > 0.99).all()


def test_kinds_can_be_switched_off():
  found, confidence = kinds_found(*circuit(), kinds='none')
  assert found == {50: 'difference', 80: 'difference'}
  assert confidence is None


def test_an_unknown_way_to_name_kinds_is_named():
  with pytest.raises(ValueError, match="'topology', 'learned'") as raised:
    kinds_found(*circuit(), kinds='magic')
  assert "'magic'" in str(raised.value)


def test_the_classical_rival_names_kinds_too():
  scores = default.get_config().classical.scores
  found, _ = kinds_found(*circuit(), scorer=detector.classical_scorer(scores))
  assert sorted(found.values()) == ['copper', 'open']


def test_kinds_are_read_off_the_registered_reference_in_one_light():
  reference, test = circuit()
  for column in (8, 30, 66, 100):  # something to register by
    for image in (reference, test):
      image[:20, column : column + 5] = 0.1
      image[72:, column + 4 : column + 13] = 0.1
  test = 0.6 * test + 0.1
  moved = np.roll(reference, (3, 2), (0, 1))
  look = functools.partial(
    kinds_found,
    scorer=detector.Scorer(
      lambda a, b: plain_score(with_lighting_of(b, a), b), stride_px=1
    ),
    min_area_px=40.0,
  )
  assert look(moved, test, registration='affine')[0] == {
    50: 'open',
    80: 'copper',
  }
  assert len(look(moved, test)[0]) != 2  # where it is not moved back


def test_what_is_dropped_is_not_named():
  seen = []

  def namer(boxes, pictures, valid, maps):
    seen.append((boxes.confidence.tolist(), *pictures, valid))
    assert maps.kinds is None
    return boxes._replace(kind=('spur',) * len(boxes.kind))

  reference, test = two_defects()
  valid = np.ones((60, 80), np.float32)
  valid[:, 70:] = 0
  calibration = Calibration(1.0, 1.0, 0.0)
  found = detect(
    reference,
    test,
    valid,
    min_confidence=0.8,
    calibration=calibration,
    namer=namer,
  )
  ((confidence, *images, within),) = seen
  assert confidence == found.boxes.confidence.tolist()
  assert len(confidence) == 1
  assert found.boxes.kind == ('spur',)
  np.testing.assert_array_equal(images[1], test)
  np.testing.assert_array_equal(within, detector.within(valid))


@pytest.mark.parametrize(
  ('reference', 'test'),
  [
    ((20, 30, 3), (30, 20, 3)),
    ((20, 30, 3), (20, 31, 3)),
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
  assert str(test) in str(raised.value)


def test_bytes_are_refused():
  image = np.zeros((20, 30, 3), np.uint8)
  with pytest.raises(ValueError, match='uint8'):
    detect(image, image)


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    (dict(method='magic'), "registration is 'magic'"),
    (dict(tile_px=32), 'tiles of 32 px'),
    (dict(box_settings=BOXES | dict(threshold=2.0)), 'threshold'),
  ],
)
def test_settings_that_make_no_sense_are_named(changes, message):
  image = scene(40, 40)
  with pytest.raises(ValueError, match=message):
    detect(image, image, **changes)


@functools.cache
def built(**changes):
  config = default.get_config().detect
  config.registration = 'none'
  config.update(changes)
  _, parameters = parts.siamese()
  scorer = detector.network_scorer(parts.config(), parameters)
  return detector.build_detector(scorer, config)


@pytest.mark.parametrize(('height', 'width'), [(101, 67), (64, 120)])
def test_the_network_s_scores_are_probabilities_of_the_picture_s_size(
  height, width
):
  reference, test = scene(height, width), scene(height, width, seed=1)
  found = built()(reference, test)
  assert isinstance(found.scores, np.ndarray)
  assert found.scores.shape == (height, width)
  assert found.scores.dtype == np.float32
  assert 0 < found.scores.min() < found.scores.max() < 1


def test_tiles_of_the_network_equal_the_whole():
  """Where they overlap by four times what the network sees."""
  reference, test = scene(16, 640), scene(16, 640, seed=1)
  whole = built()(reference, test).scores
  tiled = built(tile_px=448, tile_overlap_px=320)(reference, test).scores
  np.testing.assert_allclose(tiled, whole, atol=1e-3)
  assert whole.std() > 1e-2


@pytest.mark.slow
def test_tiles_of_the_default_network_equal_the_whole():
  """For random parameters, which look farther than trained ones."""
  config = default.get_config()
  config.detect.registration = 'none'
  model = build_model(config.model)
  blank = jnp.zeros((1, 32, 32, 3))
  parameters = jax.jit(model.init)(jax.random.key(0), blank, blank)['params']
  reference, test = scene(64, 1152), scene(64, 1152, seed=1)

  def scores(tile_px, overlap_px):
    config.detect.tile_px = tile_px
    config.detect.tile_overlap_px = overlap_px
    scorer = detector.network_scorer(config.model, parameters)
    find = detector.build_detector(scorer, config.detect)
    return find(reference, test).scores

  whole = scores(1152, 0)
  np.testing.assert_allclose(scores(832, 576), whole, atol=1e-3)
  # The default's overlap is for speed: nearly everywhere the same.
  own = default.get_detect().tile_overlap_px
  assert np.abs(scores(640, own) - whole).mean() < 5e-3


def test_every_setting_reaches_the_boxes():
  reference, test = scene(60, 60), scene(60, 60, seed=1)
  scores = built()(reference, test).scores
  lowest = built(threshold=float(scores.min()) - 1e-3)
  np.testing.assert_array_equal(
    lowest(reference, test).boxes.xyxy, [[0, 0, 60, 60]]
  )
  highest = built(threshold=float(scores.max()) + 1e-3)
  assert len(highest(reference, test).boxes.xyxy) == 0
  sure = built(threshold=float(scores.min()) - 1e-3, min_confidence=1.0)
  assert len(sure(reference, test).boxes.xyxy) == 0
  large = built(threshold=float(scores.min()) - 1e-3, min_area_px=3601.0)
  assert len(large(reference, test).boxes.xyxy) == 0


def test_the_network_s_cells_decide_where_tiles_start():
  _, parameters = parts.siamese()
  scorer = detector.network_scorer(parts.config(), parameters)
  assert scorer.stride_px == build_model(parts.config()).stride == 8


def test_a_calibration_reaches_the_boxes():
  reference, test = scene(60, 60), scene(60, 60, seed=1)
  calibration = Calibration(slope=0.5, offset=2.0, threshold=0.5)
  config = default.get_config()
  config.detect.registration = 'none'
  scorer = detector.Scorer(plain_score, stride_px=1)
  plain = detector.build_detector(scorer, config.detect)(reference, test)
  find = detector.build_detector(scorer, config.detect, calibration)
  assert len(plain.boxes.confidence) > 0
  np.testing.assert_array_equal(
    find(reference, test).boxes.confidence,
    apply_calibration(plain.boxes.confidence, calibration),
  )


@pytest.mark.parametrize('tile_px', [1024, 64])
def test_the_classical_rival_is_a_detector_too(tile_px):
  config = default.get_config()
  config.detect.update(registration='none', tile_px=tile_px, tile_overlap_px=32)
  config.classical.scores.match_lighting = False
  find = detector.build_detector(
    detector.classical_scorer(config.classical.scores), config.detect
  )
  reference = scene(90, 150)
  assert len(find(reference, reference.copy()).boxes.xyxy) == 0
  test = with_defect(reference, 40, 60, 12, 14)
  found = find(reference, test)
  expected = classical.classical_scores(
    reference, test, **config.classical.scores.to_dict()
  )
  np.testing.assert_allclose(found.scores, expected, atol=1e-6)
  (box,) = found.boxes.xyxy
  assert np.abs(box - [60, 40, 74, 52]).max() <= 2


def test_boxes_are_named_then_corrected_then_grown():
  reference, test = two_defects()
  plain = detect(reference, test).boxes
  seen = []

  def layered(one, two):
    scores = plain_score(one, two)
    box_deltas = np.broadcast_to(np.float32([1, 0, 2, 0]), (*scores.shape, 4))
    return np.concatenate([scores[..., None], box_deltas], axis=-1)

  def namer(boxes, pictures, valid, maps):
    seen.append(boxes.xyxy)
    return boxes._replace(kind=('spur',) * len(boxes.kind))

  found = detect(
    reference,
    test,
    scorer=detector.Scorer(layered, stride_px=8, regresses_boxes=True),
    namer=namer,
    box_margin_px=3.0,
  ).boxes
  np.testing.assert_array_equal(seen[0], plain.xyxy)
  height, width = test.shape[:2]
  expected = plain.xyxy + np.float32([-4, -3, 5, 3])
  expected = np.clip(expected, 0, [width, height, width, height])
  np.testing.assert_allclose(found.xyxy, expected, atol=1e-5)
  assert found.kind == ('spur',) * len(plain.kind)
