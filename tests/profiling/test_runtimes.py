"""The benchmark times the stages that it names, with any scorer."""

from __future__ import annotations

import time

import numpy as np
import pytest

from configs import default
from zeroshot.boards import pairs
from zeroshot.detect import scorers
from zeroshot.detect.detector import build_detector
from zeroshot.inspection.detector import Detector
from zeroshot.profiling import runtimes


def build(name, **settings):
  """A detector whose network is differencing, so that nothing compiles."""
  scorer, calls = runtimes.record_calls(
    scorers.Scorer(lambda a, b: np.abs(a - b).mean(axis=2), stride_px=1)
  )
  config = {**default.get_config().detect, **settings}
  return runtimes.TimedDetector(
    name, Detector(build_detector(scorer, config), threshold=0.5), calls
  )


def test_each_stage_of_each_pair_is_timed(tmp_path):
  pair = pairs.write_pair(tmp_path, size_px=192)
  both = build('JAX'), build('ONNX Runtime')
  times = runtimes.time_alternately(both, *pair, repeats=3)
  assert list(times) == ['JAX', 'ONNX Runtime']
  for milliseconds in times.values():
    stages = np.array([milliseconds[stage] for stage in runtimes.STAGES])
    assert stages.shape == (4, 3)
    assert (stages > 0).all()
    assert np.sum(stages, axis=0) == pytest.approx(
      np.array(milliseconds['all'])
    )
  table = runtimes.to_markdown(times, {'JAX': 1.5, 'ONNX Runtime': 0.25})
  assert '| register |' in table
  assert '| 1500 | 250 |' in table


def test_a_tiled_picture_counts_once(tmp_path):
  pair = pairs.write_pair(tmp_path, size_px=256)
  timed = build('JAX', tile_px=160)
  stages = runtimes.time_stages(timed, *pair)
  assert len(timed.calls) == 16  # tiles that start every 32 px, each way
  assert min(stages.values()) > 0


def test_loading_counts_as_the_first_pair(tmp_path):
  pair = pairs.write_pair(tmp_path, size_px=192)

  def load(source):
    time.sleep(0.5)
    return build(source)

  assert runtimes.time_first_pair(load, 'JAX', pair) > 0.5


def test_every_installed_runtime_is_timed(tmp_path):
  pair = pairs.write_pair(tmp_path, size_px=192)
  names = runtimes.installed()
  assert {'jax', 'onnxruntime'} <= set(names)
  for name in names:
    timed = runtimes.load(name, 'default')
    assert timed.name == runtimes.RUNTIMES[name]
    assert min(runtimes.time_stages(timed, *pair).values()) > 0


def test_the_machine_is_described():
  described = runtimes.describe_machine()
  assert 'cores, load' in described
  assert 'ONNX Runtime 1.' in described
