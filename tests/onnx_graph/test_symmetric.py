"""The symmetric network's graph: as in JAX, and alike for swapped pictures."""

from __future__ import annotations

import functools

import cv2
import ml_collections
import numpy as np
import pytest

from tests.onnx_graph import parts
from zeroshot.detect import onnx_sessions, scorers
from zeroshot.onnx_graph import model

NETWORKS = {
  'toy': {},
  'deep': dict(match_radii=(0, 2, 3), depths=(1, 2, 0)),
  'no search': dict(match_radii=(0, 0, 0)),
  'two scales': dict(
    widths=(6, 8),
    depths=(2, 1),
    match_radii=(0, 1),
    decoder_widths=(4, 5),
    decoder_depths=(0, 3),
  ),
  'six scales': dict(
    widths=(4,) * 6,
    depths=(1,) * 6,
    match_radii=(0, 1, 1, 1, 1, 1),
    decoder_widths=(4,) * 6,
    decoder_depths=(1,) * 6,
  ),
}


@functools.cache
def built(name='toy'):
  """The weights of a network, its scorer in JAX, and that of its graph."""
  weights = parts.weights(kind='symmetric', **NETWORKS[name])
  plain = weights.config['model']
  in_jax = scorers.network_scorer(
    ml_collections.ConfigDict(plain), weights.parameters
  )
  in_onnx = scorers.onnx_scorer(
    onnx_sessions.open_onnxruntime(model.to_bytes(weights)),
    stride_px=model.stride_px(plain),
    kinds=(),
    regresses_boxes=False,
  )
  return weights, in_jax, in_onnx


def pictures(height, width):
  """A smooth picture, and itself moved, with a spot on it."""
  rng = np.random.default_rng(height)
  smooth = cv2.GaussianBlur(rng.random((height, width, 3)), (0, 0), 2)
  first = np.float32(cv2.normalize(smooth, None, 0, 1, cv2.NORM_MINMAX))
  second = np.roll(first, (1, 2), (0, 1))
  second[20:30, 12:30] = (1, 0.2, 0)
  return first, second


@pytest.mark.parametrize('name', NETWORKS)
def test_the_graph_scores_as_in_jax(name):
  _, in_jax, in_onnx = built(name)
  pair = pictures(64, 128)
  expected = in_jax.score(*pair)
  scores = in_onnx.score(*pair)
  assert expected.std() > 1e-3
  assert scores.shape == expected.shape == (64, 128)
  assert scores.dtype == np.float32
  assert np.abs(scores - expected).max() <= 1e-4


@pytest.mark.parametrize(('height', 'width'), [(40, 150), (130, 64)])
def test_any_size(height, width):
  _, in_jax, in_onnx = built()
  pair = pictures(height, width)
  expected = in_jax.score(*pair)
  scores = in_onnx.score(*pair)
  assert scores.shape == (height, width)
  assert expected.std() > 1e-3
  assert np.abs(scores - expected).max() <= 1e-4


@pytest.mark.parametrize('name', ['toy', 'deep', 'no search'])
def test_swapped_pictures_have_the_same_scores(name):
  _, _, in_onnx = built(name)
  first, second = pictures(64, 128)
  scores = in_onnx.score(first, second)
  assert scores.std() > 1e-3
  assert np.abs(in_onnx.score(second, first) - scores).max() <= 1e-6
  assert np.abs(in_onnx.score(first, first) - scores).max() > 1e-2


@pytest.mark.parametrize(
  'missing', ['encoder', 'decoder_1', 'decoder_2', 'logits']
)
def test_missing_parameters_are_named(missing):
  weights, _, _ = built()
  rest = {k: v for k, v in weights.parameters.items() if k != missing}
  with pytest.raises(ValueError, match=f"lack '{missing}'.*symmetric"):
    model.to_bytes(weights._replace(parameters=rest))
