"""What an exported file gives is what the network gives."""

from __future__ import annotations

import functools

import ml_collections
import numpy as np
import pytest

from tests.export.conftest import SIZE_PX
from zeroshot.data import pictures
from zeroshot.detect import scorers, tiling
from zeroshot.export import (
  description,
  onnx_format,
  runner,
  stablehlo_format,
)
from zeroshot.onnx_graph import layers as graph_layers
from zeroshot.weights import files

MAX = 1e-4

pytestmark = pytest.mark.slow


@functools.cache
def scorer(name):
  weights = files.load(name)
  config = ml_collections.ConfigDict(weights.config)
  return scorers.network_scorer(config.model, weights.parameters)


def real_pairs(shared):
  """A window of a real pair of every other group."""
  root = shared / 'deeppcb' / 'PCBData'
  for path in sorted(root.glob('group*/*/*_temp.jpg'))[::150]:
    test = path.with_name(path.name.replace('_temp', '_test'))
    yield tuple(
      picture[100 : 100 + SIZE_PX, 60 : 60 + SIZE_PX]
      for picture in pictures.read_pair(path, test)
    )


@pytest.fixture(params=['onnx_runner', 'stablehlo_runner'])
def exported(request):
  return request.getfixturevalue(request.param)


def test_a_drawn_pair(exported, drawn_pair):
  layers = exported.scorer.score(*drawn_pair)
  assert layers.shape == (SIZE_PX, SIZE_PX, 1 + 6 + 4)
  assert layers[..., 0].max() > 0.9
  assert np.abs(layers - scorer('deeppcb').score(*drawn_pair)).max() <= MAX
  # The head leaves the scores what they are: this is procedural as well.
  scores = scorer('procedural').score(*drawn_pair)
  assert np.abs(layers[..., 0] - scores).max() <= MAX
  assert exported.metadata.kinds == scorer('deeppcb').kinds


def test_real_pairs(exported, shared):
  for pair in real_pairs(shared):
    layers = exported.scorer.score(*pair)
    assert np.abs(layers - scorer('deeppcb').score(*pair)).max() <= MAX
    scores = scorer('procedural').score(*pair)
    assert np.abs(layers[..., 0] - scores).max() <= MAX


def test_default_has_scores_alone(drawn_pair, tmp_path):
  pytest.importorskip('flatbuffers')
  size = dict(height=SIZE_PX, width=SIZE_PX)
  weights = files.load('procedural')
  described = description.describe(weights, 'procedural', **size)
  path = tmp_path / 'default.zip'
  path.write_bytes(stablehlo_format.convert(weights, described))
  made, metadata = runner.load_scorer(path)
  assert metadata == described
  assert metadata.outputs == ('scores',)
  scores = made.score(*drawn_pair)
  assert np.abs(scores - scorer('procedural').score(*drawn_pair)).max() <= MAX


def test_onnx_takes_smaller_pictures_as_they_are(onnx_runner, drawn_pair):
  pair = tuple(picture[:120] for picture in drawn_pair)
  scores = onnx_runner.scorer.score(*pair)[..., 0]
  assert scores.shape == (120, SIZE_PX)
  assert np.abs(scores - scorer('procedural').score(*pair)).max() <= MAX


def test_stablehlo_differs_for_smaller_pictures_near_the_border_alone(
  stablehlo_runner, drawn_pair
):
  """Unless sizes are multiples of 64 px, the coarse cells' border differs."""
  pair = tuple(picture[:120] for picture in drawn_pair)
  scores = stablehlo_runner.scorer.score(*pair)[..., 0]
  difference = np.abs(scores - scorer('procedural').score(*pair))
  assert scores.shape == (120, SIZE_PX)
  assert difference[:24].max() <= MAX  # farther than 96 px
  assert difference[:80].max() <= 2e-3
  assert difference.max() <= 0.3


def test_larger_pictures_are_tiled(onnx_runner, drawn_pair):
  wide = tuple(np.tile(p, (1, 2, 1))[:, :280] for p in drawn_pair)
  metadata = onnx_runner.metadata
  layers = tiling.score_tiled(
    onnx_runner.scorer.score,
    *wide,
    tiling.TileSettings(
      (metadata.height, metadata.width),
      metadata.detect['tile_overlap_px'],
      metadata.stride_px,
    ),
  )
  whole = scorer('procedural').score(*wide)
  assert layers.shape == (SIZE_PX, 280, 11)
  assert np.abs(layers[..., 0] - whole).mean() <= 1e-3


def test_a_graph_that_is_off_from_jax_is_refused(monkeypatch):
  norm = graph_layers.normalized_conv

  def off(graph, *arguments):
    value = norm(graph, *arguments)
    return graph.add('Mul', value, graph.constant(1.001))

  monkeypatch.setattr(graph_layers, 'normalized_conv', off)
  weights = files.load('procedural')
  size = dict(height=SIZE_PX, width=SIZE_PX)
  described = description.describe(weights, 'procedural', **size)
  with pytest.raises(ValueError, match=r'graph of procedural.*stablehlo'):
    onnx_format.convert(weights, described)
