"""The benchmark times what it says, with any scorer."""

from __future__ import annotations

import time

import numpy as np
import pytest

from configs import default
from launch import benchmark
from zeroshot.data import pictures
from zeroshot.detect import scorers
from zeroshot.inspection.detector import Detector


def contestant(name, **settings):
  """Differencing as the network, so that nothing compiles."""
  scorer, marks = benchmark._marked(
    scorers.Scorer(lambda a, b: np.abs(a - b).mean(axis=2), stride_px=1)
  )
  config = {**default.get_config().detect, **settings}
  return benchmark.Contestant(
    name, Detector(scorer, config, None, threshold=0.5), marks
  )


def test_each_stage_of_each_pair_is_timed(tmp_path):
  pair = benchmark.draw_pair(tmp_path, size_px=192)
  reference, test = map(pictures.read_picture, pair)
  assert 0 < np.mean(reference != test) < 0.5
  both = contestant('JAX'), contestant('ONNX Runtime')
  found = benchmark.race(both, *pair, repeats=3)
  for times in found.values():
    stages = np.array([times[stage] for stage in benchmark.STAGES])
    assert stages.shape == (4, 3)
    assert (stages > 0).all()
    assert np.sum(stages, axis=0) == pytest.approx(np.array(times['all']))
  told = benchmark.table(found, {'JAX': 1.5, 'ONNX Runtime': 0.25})
  assert '| register |' in told
  assert '| 1500 | 250 |' in told


def test_a_tiled_picture_counts_once(tmp_path):
  pair = benchmark.draw_pair(tmp_path, size_px=256)
  one = contestant('JAX', tile_px=160)
  times = benchmark.measure(one, *pair)
  assert len(one.marks) == 16  # tiles that start every 32 px, each way
  assert min(times.values()) > 0


def test_making_counts_as_the_first_pair(tmp_path):
  pytest.importorskip('onnxruntime')
  pair = benchmark.draw_pair(tmp_path, size_px=192)

  def make(source):
    time.sleep(0.5)
    return contestant(source)

  assert benchmark.first_pair(make, 'JAX', pair) > 0.5


@pytest.mark.parametrize(
  ('size', 'expected'),
  [
    ((640, 640), (640, 640)),
    ((641, 900), (704, 960)),
    ((100, 1000), (192, 1024)),
    ((1025, 200), (1024, 1024)),  # tiles
  ],
)
def test_the_network_takes_the_pair_whole(size, expected):
  assert benchmark.export_size(size, tile_px=1024) == expected


def test_circumstances_are_told():
  pytest.importorskip('onnxruntime')
  assert 'cores, load' in benchmark.circumstances()
