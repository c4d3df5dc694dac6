"""The ONNX graph gives what the network gives in JAX, in each runtime."""

from __future__ import annotations

import functools

import cv2
import ml_collections
import numpy as np
import pytest

from tests.onnx_graph import parts
from zeroshot.boards import defects, painter
from zeroshot.data import deeppcb
from zeroshot.detect import onnx_sessions, scorers
from zeroshot.inspection import loading
from zeroshot.onnx_graph import model
from zeroshot.weights import files

MAX = 1e-4
SIZES = [(192, 192), (250, 333), (64, 65), (130, 640)]


def jax_scorer(weights):
  config = ml_collections.ConfigDict(weights.config['model'])
  return scorers.network_scorer(config, weights.parameters)


@functools.cache
def shipped(name, runtime):
  return loading.build_scorer(name, files.load(name), runtime)


def drawn_pair(height, width):
  """A grey board and one with defects, tinted and moved, uint8."""
  rng = np.random.default_rng(height)
  board = painter.draw(rng, size_px=max(height, width, 192))
  copper, _ = defects.add(rng, board, kinds=deeppcb.KINDS[:4])
  pair = (
    painter.photograph(rng, board.copper, shift_px=1.5),
    painter.photograph(rng, copper, shift_px=0.0),
  )
  tint = np.array([1.0, 0.8, 0.6])
  return tuple(
    np.rint(255 * grey[:height, :width, None] * tint).astype(np.uint8)
    for grey in pair
  )


@pytest.fixture(params=['onnxruntime', 'openvino'])
def runtime(request):
  if request.param == 'openvino':
    pytest.importorskip('openvino')
  return request.param


@pytest.mark.parametrize('name', ['default', 'deeppcb', 'photographs'])
@pytest.mark.parametrize(('height', 'width'), SIZES)
def test_shipped_weights_score_as_in_jax(runtime, name, height, width):
  pair = drawn_pair(height, width)
  expected = shipped(name, 'jax').score(*pair)
  layers = shipped(name, runtime).score(*pair)
  assert layers.shape == expected.shape
  assert layers.dtype == np.float32
  assert np.ptp(expected) > 0.01
  assert np.abs(layers - expected).max() <= MAX
  floats = [picture / np.float32(255) for picture in pair]
  layers = shipped(name, runtime).score(*floats)
  assert np.abs(layers - expected).max() <= MAX


@pytest.mark.parametrize(
  'changes',
  [
    {},
    dict(kinds=('open', 'short'), predicts_sides=True),
    dict(kinds=('open', 'short', 'spur')),
    dict(predicts_sides=True, match_support=0),
    dict(match_radii=(1, 2, 3), match_support=2, depths=(1, 2, 1)),
    dict(match_radii=(0, 0, 0)),
    dict(
      widths=(4,) * 6,
      depths=(1,) * 6,
      match_radii=(0, 1, 1, 1, 1, 1),
      decoder_widths=(4,) * 6,
      decoder_depths=(1,) * 6,
    ),
    dict(kind='early_fusion', widths=(4, 6, 6, 8), decoder_widths=(5,)),
  ],
)
def test_every_network_is_the_same_graph(changes):
  weights = parts.weights(**changes)
  run = onnx_sessions.open_onnxruntime(model.to_bytes(weights))
  config = weights.config['model']
  scorer = scorers.onnx_scorer(
    run,
    stride_px=8,
    kinds=tuple(config['kinds']),
    regresses_boxes=config['predicts_sides'],
  )
  rng = np.random.default_rng(1)
  smooth = cv2.GaussianBlur(rng.random((2, 96, 150, 3))[0], (0, 0), 2)
  pair = [
    np.float32(cv2.normalize(picture, None, 0, 1, cv2.NORM_MINMAX))
    for picture in (smooth, np.roll(smooth, (1, 2), (0, 1)))
  ]
  expected = jax_scorer(weights).score(*pair)
  scores = scorer.score(*pair)
  assert expected.std() > 1e-3
  assert scores.shape == expected.shape
  assert np.abs(scores - expected).max() <= MAX


def test_a_norm_without_a_channel_is_not_divided_by_nothing():
  weights = parts.weights()
  norm = weights.parameters['Encoder_0']['LayerNorm_1']
  norm['scale'] = norm['scale'].copy()
  norm['scale'][2] = 0
  run = onnx_sessions.open_onnxruntime(model.to_bytes(weights))
  scorer = scorers.onnx_scorer(
    run, stride_px=8, kinds=(), regresses_boxes=False
  )
  pair = np.random.default_rng(1).random((2, 64, 64, 3), np.float32)
  expected = jax_scorer(weights).score(*pair)
  assert np.abs(scorer.score(*pair) - expected).max() <= MAX


def test_what_has_no_graph_is_refused():
  weights = parts.weights()
  weights.config['model']['kind'] = 'transformer'
  with pytest.raises(ValueError, match=r"'transformer'; .*'siamese'"):
    model.to_bytes(weights)


def test_missing_parameters_are_named():
  weights = parts.weights()
  del weights.parameters['DecoderStage_1']
  with pytest.raises(ValueError, match="lack 'DecoderStage_1'"):
    model.to_bytes(weights)


def test_a_file_belongs_to_its_weights_alone():
  weights = parts.weights()
  data = model.to_bytes(weights)
  assert model.belongs(data, weights)
  assert model.belongs(data, weights._replace(step=4, calibration={'slope': 2}))
  parameters = {**weights.parameters, 'sharpness_0': np.float32(3)}
  assert not model.belongs(data, weights._replace(parameters=parameters))
  config = {**weights.config['model'], 'match_support': 0}
  changed = {**weights.config, 'model': config}
  assert not model.belongs(data, weights._replace(config=changed))


def test_the_same_weights_give_the_same_bytes():
  weights = parts.weights()
  assert model.to_bytes(weights) == model.to_bytes(weights)
