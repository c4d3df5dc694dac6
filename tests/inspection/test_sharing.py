"""One detector for many threads, sizes and pairs: what compiles, and when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import flax.linen as nn
import numpy as np
import pytest

import zeroshot
from tests import samples
from zeroshot.detect import score


@pytest.fixture(scope='module')
def detector():
  return samples.load_detector()


def pair(seed, height=64, width=64):
  """A pair with a difference at a place that depends on the seed."""
  x, y = np.random.default_rng(seed).integers(8, 40, 2)
  return samples.noise_pair(height, width, seed, (x, y, x + 14, y + 14))


def outcome(inspection):
  return {key: inspection.to_dict()[key] for key in ('verdict', 'boxes')}


def test_eight_threads_find_what_one_does(detector):
  pairs = [pair(seed) for seed in range(16)]
  one_by_one = [detector.inspect(*each) for each in pairs]
  with ThreadPoolExecutor(8) as pool:
    at_once = list(pool.map(lambda each: detector.inspect(*each), pairs))
  for alone, shared in zip(one_by_one, at_once, strict=True):
    assert outcome(alone) == outcome(shared)
    np.testing.assert_array_equal(alone.score_map, shared.score_map)
  assert len({str(outcome(one)) for one in one_by_one}) > 8


def test_many_takes_generators_and_batches(detector):
  pairs = [pair(seed) for seed in range(3)]
  taken = []

  def generated():
    for each in pairs:
      taken.append(each)
      yield each

  inspections = detector.inspect_many(generated())
  first = next(inspections)
  assert len(taken) == 1  # one is asked for at a time
  references, tests = (np.stack(batch) for batch in zip(*pairs, strict=True))
  batch = list(detector.inspect_many(zip(references, tests, strict=True)))
  for one, other in zip([first, *inspections], batch, strict=True):
    assert outcome(one) == outcome(other)


@pytest.mark.slow
def test_sizes_of_one_bucket_are_traced_once():
  score.build_score.cache_clear()  # what other tests have traced
  traced = []

  def note(following, arguments, keywords, context):
    # The network itself stands in no other module.
    if not isinstance(context.module.parent, nn.Module):
      traced.append(arguments[0].shape[1:3])
    return following(*arguments, **keywords)

  detector = zeroshot.Detector.load('default', runtime='jax')
  with nn.intercept_methods(note):
    for height, width in ((50, 60), (60, 64), (50, 60), (64, 64)):
      detector.inspect(*pair(0, height, width))
    assert traced == [(64, 64)]
    detector.inspect(*pair(0, 100, 110))
    assert traced == [(64, 64), (128, 128)]


def test_a_region_and_a_mask_bound_what_is_found(detector):
  reference, _ = pair(0)
  test = reference.copy()
  test[20:34, 8:20] = test[30:42, 44:56] = 0.95
  both = detector.inspect(reference, test)
  left = detector.inspect(reference, test, roi=[(0, 0, 32, 64)])
  ignore = np.zeros((64, 64), np.uint8)
  ignore[:, 32:] = 255
  masked = detector.inspect(reference, test, ignore=ignore)
  assert any(box.x1 > 40 for box in both.boxes)
  assert left.boxes
  assert all(box.x2 < 36 for box in left.candidates)
  assert outcome(left) == outcome(masked)
  assert not left.score_map[:, 32:].any()
  # The whole picture is what aligns the reference.
  assert left.registration == both.registration
