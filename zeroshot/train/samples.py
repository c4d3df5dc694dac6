"""Sample sheets: pairs of the synthesis and their score maps.

  pair, scores = draw_samples(params, bank, synthesise=task.synthesise,
                              apply=model.apply, seed=0, count=4)
  sheet = draw_sheet(pair, scores)    # uint8 [rows, columns, 3]
  hooks = build_hooks(config, task, bank, writer)

A row of a sheet is a pair: reference, test, mask, score map.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import ml_collections
import numpy as np

from zeroshot import rng
from zeroshot.model.siamese import Prediction
from zeroshot.train.task import Synthesise, Task
from zeroshot.train.writers import Writer
from zeroshot.types import Array, HostArray, Material, Pair, Params

_GAP_PX = 4
_GAP_GREY = 128
NOT_FINITE_COLOUR = (255, 0, 255)  # RGB, of pixels that are NaN or infinite


def build_hooks(
  config: ml_collections.ConfigDict,
  task: Task,
  bank: Material,
  writer: Writer,
) -> list[tuple[str, int, Callable[[Params, int], dict[str, float]]]]:
  """The hook that draws sheets during training, see ``loop.Hook``.

  Args:
    config: the whole config.
    task: the synthesis and the model.
    bank: of the task, on the devices.
    writer: of the run.

  Returns:
    One hook; none where ``train.sample_every`` or ``train.num_samples`` is 0.
  """
  settings = config.train
  if not settings.sample_every or not settings.num_samples:
    return []
  # Compiled when first due, so that training starts without waiting for it.
  draw = functools.partial(
    draw_samples,
    synthesise=jax.jit(task.synthesise),
    apply=jax.jit(task.model.apply),
    seed=config.seed,
    count=settings.num_samples,
  )

  def write_sheet(params: Params, step: int) -> dict[str, float]:
    pair, scores = jax.device_get(draw(params, bank))
    writer.picture(step, 'samples', draw_sheet(pair, scores))
    return {}

  return [('samples', settings.sample_every, write_sheet)]


def draw_samples(
  params: Params,
  bank: Material,
  *,
  synthesise: Synthesise,
  apply: Callable[..., Prediction],
  seed: int,
  count: int,
) -> tuple[Pair, Array]:
  """Draws pairs of the stream 'samples' and scores them.

  The pairs are the same at every step of a run, so that score maps can be
  compared. Pass compiled functions: other commands then find both programs in
  the compilation cache.

  Args:
    params: of the model.
    bank: what ``synthesise`` draws from.
    synthesise: ``(keys [B], bank) -> Pair``.
    apply: a module's, called with variables, reference and test.
    seed: the run's seed.
    count: number of pairs.

  Returns:
    A Pair of ``[count, H, W, ...]``, and scores ``[count, H, W]`` in [0, 1].
  """
  keys = rng.example_keys(seed, 'samples', 0, first=0, count=count)
  pair = synthesise(keys, bank)
  prediction = apply({'params': params}, pair.reference, pair.test)
  return pair, jax.nn.sigmoid(prediction.logits)


def draw_sheet(pair: Pair, scores: HostArray) -> HostArray:
  """Draws pairs and their score maps, one pair a row.

  Args:
    pair: of host arrays, pictures ``[B, H, W, 3]`` and masks ``[B, H, W]``.
    scores: ``[B, H, W]`` in [0, 1]; 0 is black, 1 white.

  Returns:
    uint8 ``[B * (H + gap) + gap, 4 * (W + gap) + gap, 3]``, RGB. Pixels that
    are not finite have ``NOT_FINITE_COLOUR``.
  """
  mask, scores = (
    np.repeat(np.asarray(grey)[..., None], 3, axis=-1)  # [B, H, W, 3]
    for grey in (pair.mask, scores)
  )
  columns = np.stack([pair.reference, pair.test, mask, scores], axis=1)
  is_finite = np.isfinite(columns).all(-1, keepdims=True)
  tiles = np.rint(255.0 * np.clip(np.where(is_finite, columns, 0), 0.0, 1.0))
  tiles = np.where(is_finite, tiles, NOT_FINITE_COLOUR).astype(np.uint8)
  tiles = np.pad(  # a gap above and left of each tile
    tiles,
    ((0, 0), (0, 0), (_GAP_PX, 0), (_GAP_PX, 0), (0, 0)),
    constant_values=_GAP_GREY,
  )
  num_rows, num_columns, height, width, _ = tiles.shape
  sheet = tiles.transpose(0, 2, 1, 3, 4).reshape(
    num_rows * height, num_columns * width, 3
  )
  return np.pad(
    sheet, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=_GAP_GREY
  )
