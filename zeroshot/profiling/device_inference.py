"""Pace of the network in batches, and of inspection from files to boxes.

figures = device_inference.measure_batches('default', setting, seconds=2.0)
figures = device_inference.measure_files(
  'default', folder, size_px=(640, 640), seconds=2.0
)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from zeroshot.boards import large_pair, pairs
from zeroshot.detect.score import predict
from zeroshot.inspection.detector import Detector
from zeroshot.model.build import build_model
from zeroshot.profiling.device_training import Setting, program_mib
from zeroshot.types import Array, JsonObject
from zeroshot.weights import files

_MIN_CALLS = 2
_NUM_DEFECTS = 8  # of a large pair


def measure_batches(
  weights: str, setting: Setting, *, seconds: float
) -> JsonObject:
  """Times the network on batches that are on the device already.

  Args:
    weights: name or file of weights.
    setting: size, batch and precision.
    seconds: to time for, more or less.

  Returns:
    ``pairs_per_second``, ``compile_s`` and ``memory_mib``.
  """
  loaded, dtype = files.load(weights), jnp.dtype(setting.precision)
  model = build_model(ml_collections.ConfigDict(loaded.config).model)
  parameters = jax.tree.map(
    lambda leaf: jnp.asarray(leaf, dtype), loaded.parameters
  )
  shape = (setting.batch_size, setting.size_px, setting.size_px, 3)
  random = np.random.default_rng(0)
  picture = jax.device_put(random.integers(0, 256, shape, np.uint8))

  def score(parameters: Any, reference: Array, test: Array) -> Array:
    pair = (each.astype(dtype) / 255 for each in (reference, test))
    return predict(model, parameters, *pair)[0]

  start = time.perf_counter()
  program = jax.jit(score).lower(parameters, picture, picture).compile()
  compile_s = time.perf_counter() - start

  def run(num_calls: int) -> None:
    scores = None
    for _ in range(num_calls):
      scores = program(parameters, picture, picture)
    jax.block_until_ready(scores)

  calls_per_second = _pace(run, seconds)
  return {
    'pairs_per_second': setting.batch_size * calls_per_second,
    'compile_s': compile_s,
    'memory_mib': program_mib(program),
  }


def measure_files(
  weights: str,
  folder: Path,
  *,
  size_px: tuple[int, int],
  seconds: float,
) -> JsonObject:
  """Times inspections of one drawn pair, from its files to its boxes.

  Args:
    weights: name or file of weights.
    folder: to draw into; it must exist.
    size_px: height and width; pairs of 1,000 px and more are in colour.
    seconds: to time for, more or less.

  Returns:
    ``pairs_per_second``, ``compile_s`` (of the first pair, with loading) and
    the number of ``boxes``.
  """
  height, width = size_px
  if max(size_px) < large_pair.MIN_PX:
    pair = pairs.write_pair(folder, size_px=height)
  else:
    large_pair.write(
      folder, width=width, height=height, suffix='.png', defects=_NUM_DEFECTS
    )
    pair = folder / 'reference.png', folder / 'test.png'
  start = time.perf_counter()
  detector = Detector.load(weights)
  boxes = detector.inspect(*pair).boxes
  first_s = time.perf_counter() - start

  def run(num_calls: int) -> None:
    for _ in range(num_calls):
      detector.inspect(*pair)

  return {
    'pairs_per_second': _pace(run, seconds),
    'compile_s': first_s,
    'boxes': len(boxes),
  }


def _pace(run: Callable[[int], None], seconds: float) -> float:
  """Calls a second: as many as fit, and two at least."""
  start = time.perf_counter()
  run(1)
  once = time.perf_counter() - start
  num_calls = max(_MIN_CALLS, int(seconds / max(once, 1e-6)))
  start = time.perf_counter()
  run(num_calls)
  return num_calls / (time.perf_counter() - start)
