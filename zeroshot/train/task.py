"""What is trained: where pairs come from, the network and the loss.

task = Task(synthesise, model=model, loss=loss, bank=Material(photographs))
state = loop.train(config, task, workdir=workdir)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeAlias

from flax import linen as nn

from zeroshot.types import Array, Material, Pair, Params

Synthesise: TypeAlias = Callable[[Array, Material], Pair]
Loss: TypeAlias = Callable[..., tuple[Array, Mapping[str, Array]]]

NO_BANK = Material()
PRECISIONS = ('float32', 'bfloat16')


@dataclasses.dataclass(frozen=True)
class Task:
  """What the training loop needs besides the config.

  Attributes:
    synthesise: ``(keys [B], bank) -> Pair`` of ``[B, H, W, ...]``, pure.
    model: applied to ``(reference, test)``; returns a prediction with
      ``logits [B, H, W]``.
    loss: ``(prediction, mask, labels, *, sum_across) -> (total, terms)`` of
      the global batch, given one device's share; see ``zeroshot.losses``.
    bank: what ``synthesise`` draws from.
    initial: parameters to start from, see ``warm_start``; None starts from
      random ones.
    precision: of the network's arithmetic, one of ``PRECISIONS``. Parameters,
      synthesis, loss and optimizer are float32 in any case.

  Raises:
    ValueError: there is no such precision.
  """

  synthesise: Synthesise
  model: nn.Module
  loss: Loss
  bank: Material = NO_BANK
  initial: Params | None = None
  precision: str = 'float32'

  def __post_init__(self) -> None:
    if self.precision not in PRECISIONS:
      raise ValueError(
        f'train.precision={self.precision!r} is unknown; choose one of '
        f'{", ".join(PRECISIONS)}'
      )
