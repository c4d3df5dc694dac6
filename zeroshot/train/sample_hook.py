"""Draws sample sheets while a run trains.

hooks = sample_hook.build_hooks(config, synthesise, model, bank, writer)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import ml_collections
from flax import linen as nn

from zeroshot.train import samples
from zeroshot.train.step import Synthesise, sample_step
from zeroshot.train.writers import Writer


def build_hooks(
  config: ml_collections.ConfigDict,
  synthesise: Synthesise,
  model: nn.Module,
  bank: Any,
  writer: Writer,
) -> list[tuple[str, int, Callable[[Any, int], dict[str, float]]]]:
  """The hook that draws sheets during training, see ``loop.Hook``.

  Args:
    config: the whole config.
    synthesise: as of ``loop.train``.
    model: likewise.
    bank: likewise, on the devices.
    writer: of the run.

  Returns:
    One; none where ``train.sample_every`` or ``train.num_samples`` is 0.
  """
  settings = config.train
  if not settings.sample_every or not settings.num_samples:
    return []
  # Compiled when first due, so that training starts without waiting for it.
  draw = functools.partial(
    sample_step,
    synthesise=jax.jit(synthesise),
    apply=jax.jit(model.apply),
    seed=config.seed,
    count=settings.num_samples,
  )

  def sample(params: Any, step: int) -> dict[str, float]:
    pair, scores = jax.device_get(draw(params, bank))
    writer.picture(step, 'samples', samples.draw_sheet(pair, scores))
    return {}

  return [('samples', settings.sample_every, sample)]
