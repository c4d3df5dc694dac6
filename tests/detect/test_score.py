"""Pictures of any size through one compiled program for each bucket."""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.detect.score import BUCKET_PX, build_score
from zeroshot.model.build import build_model
from zeroshot.model.siamese import Prediction


class Pointwise(nn.Module):
  """Logits of the mean difference.

  Attributes:
    note: called with the shape of each pair that it is traced for.
    stride: that it claims to have.
  """

  note: Callable[[tuple[int, ...]], None] = lambda shape: None
  stride: int = 16

  @nn.compact
  def __call__(self, reference, test):
    self.note(test.shape)
    gain = self.param('gain', nn.initializers.ones, ())
    difference = jnp.mean(jnp.abs(test - reference), axis=-1)
    return Prediction(logits=gain * (difference - 0.5), features=())


def pictures(height, width):
  return parts.noise(2, height, width, 3)


def expected(reference, test, gain):
  logits = gain * (np.abs(test - reference).mean(-1) - 0.5)
  return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize(
  ('height', 'width'), [(64, 128), (101, 67), (1, 1), (63, 65)]
)
def test_scores_have_the_picture_s_size_and_place(height, width):
  score = build_score(Pointwise())
  reference, test = pictures(height, width)
  scores = score({'gain': jnp.float32(8)}, reference, test)
  assert scores.shape == (height, width)
  assert scores.dtype == jnp.float32
  np.testing.assert_allclose(scores, expected(reference, test, 8.0), atol=1e-5)


def test_sizes_of_one_bucket_compile_once():
  traces = []
  score = build_score(Pointwise(note=traces.append))
  parameters = {'gain': jnp.float32(1)}
  for height, width in ((101, 67), (128, 128), (65, 100), (101, 67)):
    score(parameters, *pictures(height, width))
  assert traces == [(1, 128, 128, 3)]
  score(parameters, *pictures(64, 128))
  assert traces == [(1, 128, 128, 3), (1, 64, 128, 3)]


def test_only_so_many_sizes_stay_compiled(monkeypatch):
  monkeypatch.setattr('zeroshot.detect.score.MAX_PROGRAMS', 2)
  monkeypatch.setattr('zeroshot.detect.score._compiled', set())
  traces = []
  score = build_score(Pointwise(note=traces.append))
  for width in (64, 128, 64, 192, 192, 64):
    score({'gain': jnp.float32(1)}, *pictures(64, width))
  assert [shape[2] for shape in traces] == [64, 128, 192, 64]


def test_new_parameters_do_not_compile_again():
  traces = []
  score = build_score(Pointwise(note=traces.append))
  reference, test = pictures(20, 20)
  one, two = (
    score({'gain': jnp.float32(gain)}, reference, test) for gain in (1, 2)
  )
  assert len(traces) == 1
  assert np.abs(one - two).max() > 0.01


def test_padding_repeats_the_last_row_and_column():
  """A flat pair stays flat up to its edge, whatever is beyond."""
  inputs = []

  class Corner(Pointwise):
    @nn.compact
    def __call__(self, reference, test):
      jax.debug.callback(lambda x: inputs.append(np.asarray(x)), test)
      return super().__call__(reference, test)

  reference, test = pictures(60, 50)
  scores = build_score(Corner())({'gain': jnp.float32(1)}, reference, test)
  jax.block_until_ready(scores)
  jax.effects_barrier()
  (padded,) = inputs
  assert padded.shape == (1, 64, 64, 3)
  np.testing.assert_array_equal(padded[0, :60, :50], test)
  np.testing.assert_array_equal(
    padded[0, 60:, :50], np.broadcast_to(test[-1:], (4, 50, 3))
  )
  np.testing.assert_array_equal(
    padded[0, :, 50:], np.broadcast_to(padded[0, :, 49:50], (64, 14, 3))
  )


def test_scores_of_the_network_are_the_sigmoid_of_its_logits():
  apply, parameters = parts.siamese()
  reference, test = pictures(64, 64)
  scores = build_score(build_model(parts.config()))(parameters, reference, test)
  logits = apply(parameters, reference[None], test[None]).logits[0]
  np.testing.assert_allclose(scores, jax.nn.sigmoid(logits), atol=1e-5)


@pytest.mark.parametrize('kinds', [(), ('open', 'short')])
@pytest.mark.parametrize('regresses_boxes', [False, True])
def test_a_pair_head_adds_its_layers(kinds, regresses_boxes):
  model = build_model(parts.config(kinds=kinds, predicts_sides=regresses_boxes))
  reference, test = pictures(60, 64)
  blank = jnp.zeros((1, 16, 16, 3))
  shapes = jax.eval_shape(model.init, jax.random.key(0), blank, blank)
  parameters = jax.tree.map(lambda x: parts.noise(*x.shape), shapes['params'])
  layers = build_score(model)(parameters, reference, test)
  if not kinds and not regresses_boxes:
    assert layers.shape == (60, 64)
    return
  assert layers.shape == (60, 64, 1 + len(kinds) + 4 * regresses_boxes)
  if kinds:
    np.testing.assert_allclose(layers[..., 1:3].sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize('stride', [3, 48, 128])
def test_a_stride_that_does_not_divide_the_bucket_is_named(stride):
  assert BUCKET_PX % stride
  with pytest.raises(ValueError, match=f'has stride {stride}'):
    build_score(Pointwise(stride=stride))
