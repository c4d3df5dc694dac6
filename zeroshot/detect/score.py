"""Parameters + two pictures -> score map, on the device.

score = build_score(model)
scores = score(parameters, reference, test)    # [H, W] in [0, 1]

A network with a pair head gives layers ``[H, W, 1 + K + 4]`` instead: the
score, the probability of each kind, and the four box deltas; each of the
last two only if the head has it. ``detect.maps`` takes them apart.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from zeroshot.types import Array, HostArray

Picture = Array | HostArray

# Heights and widths are padded to a multiple of this, so that pictures of
# similar size share one compiled program.
BUCKET_PX = 64
# Compiled programs that are kept. On the CPU each takes about 450 of the memory
# mappings of which Linux allows a process 65,530, and beyond them XLA crashes.
MAX_PROGRAMS = 100

_compiled: set[tuple[Any, ...]] = set()  # network, shape and dtype
_lock = threading.Lock()


@functools.cache  # a network looked at again and again compiles once
def build_score(
  model: nn.Module,
) -> Callable[[Any, Picture, Picture], Array]:
  """The compiled score function of a network.

  Args:
    model: a network of ``zeroshot.model``; its ``stride`` divides 64.

  Returns:
    A function ``(parameters, reference, test) -> scores`` that takes images
    ``[H, W, 3]`` of any one size, uint8 or float32 in [0, 1], and returns
    float32 ``[H, W]`` in [0, 1], or layers ``[H, W, C]`` of which the first is
    the scores.

  Raises:
    ValueError: if the network's stride does not divide 64.
  """
  if BUCKET_PX % model.stride:
    raise ValueError(
      f'the network has stride {model.stride}, which must divide {BUCKET_PX}; '
      'give model.widths at most 6 scales'
    )

  @jax.jit
  def score_padded(parameters: Any, reference: Array, test: Array) -> Array:
    pair = _as_float(reference)[None], _as_float(test)[None]
    scores, *others = predict(model, parameters, *pair)
    if not others:
      return scores[0]
    return jnp.concatenate([scores[..., None], *others], axis=-1)[0]

  def score(parameters: Any, reference: Picture, test: Picture) -> Array:
    height, width = test.shape[:2]
    reference, test = _pad(reference), _pad(test)
    _make_room((model, test.shape, test.dtype))
    scores = score_padded(parameters, reference, test)
    return scores[:height, :width]

  return score


def predict(
  model: nn.Module, parameters: Any, reference: Array, test: Array
) -> tuple[Array, ...]:
  """What a network says of a batch, as probabilities and pixels.

  Args:
    model: a network of ``zeroshot.model``.
    parameters: of it.
    reference: image ``[B, H, W, 3]``, sides multiples of the stride.
    test: likewise.

  Returns:
    Scores ``[B, H, W]``; then the probability of each kind ``[B, H, W, K]``
    and the box deltas ``[B, H, W, 4]``, each only if the head has it.
  """
  prediction: Any = model.apply({'params': parameters}, reference, test)
  outputs = [jax.nn.sigmoid(prediction.logits)]
  if prediction.kind_logits is not None:
    outputs.append(jax.nn.softmax(prediction.kind_logits, axis=-1))
  if prediction.box_deltas is not None:
    outputs.append(prediction.box_deltas)
  return tuple(outputs)


def _make_room(program: tuple[Any, ...]) -> None:
  """Frees all compiled programs where one more would be too many."""
  with _lock:
    if program not in _compiled and len(_compiled) >= MAX_PROGRAMS:
      jax.clear_caches()  # with what padded each size of picture
      _compiled.clear()
    _compiled.add(program)


def _as_float(image: Array) -> Array:
  """An image of uint8 or float32 as float32 in [0, 1]."""
  if image.dtype == jnp.uint8:
    return image.astype(jnp.float32) / 255
  return image


def _pad(image: Picture) -> Array:
  """Replicates the last row and column up to a multiple of ``BUCKET_PX``."""
  below, beside = (-side % BUCKET_PX for side in image.shape[:2])
  return jnp.pad(image, ((0, below), (0, beside), (0, 0)), mode='edge')
