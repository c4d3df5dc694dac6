from __future__ import annotations

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zeroshot.detect.detector import Detection
from zeroshot.evaluate.pairs import PairEvaluation
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.experiments import pair_shards
from zeroshot.types import Boxes


@pytest.mark.parametrize('count', [0, 1, 4, 9])
def test_each_piece_is_done_once_and_in_order(count):
  done = []

  def work(index):
    done.append(index)
    return b'%d' % index

  assert pair_shards.map_across_processes(count, work) == [
    b'%d' % i for i in range(count)
  ]
  assert sorted(done) == list(range(count))


def test_every_device_works():
  workers = set()

  def work(index):
    del index
    (device,) = jnp.ones(3).devices()
    workers.add((device, threading.get_ident()))
    return b''

  pair_shards.map_across_processes(32, work)
  assert {device for device, _ in workers} == set(jax.local_devices())
  assert len({thread for _, thread in workers}) > 1


def test_what_goes_wrong_is_raised():
  def work(index):
    raise ValueError(f'pair {index} is broken')

  with pytest.raises(ValueError, match='pair 0 is broken'):
    pair_shards.map_across_processes(3, work)


@pytest.mark.parametrize('sure', [None, np.array([0.25, 1.0], np.float32)])
@pytest.mark.parametrize('valid', [None, np.eye(5, 7, dtype=np.float32)])
def test_a_result_comes_back_bit_for_bit(sure, valid):
  xyxy = np.array([[0, 0, 3, 2], [1, 1, 5, 4.5]], np.float32)
  confidence = np.array([1 / 3, 0.9], np.float32)
  detections = Boxes(xyxy, confidence, ('open', 'difference'), sure)
  truth = Boxes(xyxy[:0], confidence[:0], ())
  result = PictureResult('a', 'lot "3"', 5, 7, truth, detections, valid)
  picture = np.zeros((5, 7, 3), np.float32)
  detection = Detection(picture[..., 0], detections, None, None)
  evaluation = PairEvaluation(
    result, picture, picture, detection, seconds=0.125
  )
  again, seconds = pair_shards.unpack(pair_shards.pack(evaluation))
  assert seconds == 0.125
  assert again._replace(truth=0, detections=0, valid=0) == result._replace(
    truth=0, detections=0, valid=0
  )
  for one, other in (
    (again.truth, truth),
    (again.detections, detections),
  ):
    assert one.kind == other.kind
    for field in ('xyxy', 'confidence', 'kind_confidence'):
      a, b = getattr(one, field), getattr(other, field)
      np.testing.assert_array_equal(a, b)
      assert a is None or a.dtype == np.float32
  np.testing.assert_array_equal(again.valid, valid)
