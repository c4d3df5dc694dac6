"""Which example made an update non-finite.

  examples = per_example_diagnostics(replayed.params, pair, task)
  lines = explain(replayed, examples)
  write_report(folder, replayed, pair, examples)

An update that is not finite has one of three causes, checked in this order: an
earlier update was not finite, an example is faulty by itself, or neither, and
the batch as a whole or the optimizer's step overflows.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zeroshot.data import pictures
from zeroshot.model.siamese import Prediction
from zeroshot.runtime import atomic_files
from zeroshot.train import samples
from zeroshot.train.replay import Replayed, UpdateMetrics
from zeroshot.train.step import apply_network
from zeroshot.train.task import Task
from zeroshot.types import Array, HostArray, JsonObject, Pair, Params

SHEET = 'worst.png'
_SHEET_MAX = 16  # examples on the sheet
_NAMED_MAX = 8  # examples in the verdict
_ROUNDING = 1e-3  # beyond [0, 1] without being a fault
# Arrays of a pair with values in [0, 1].
_IN_UNIT_RANGE = ('reference', 'test', 'mask', 'weight', 'share', 'upright')


@dataclasses.dataclass(frozen=True)
class Diagnostics:
  """One example of a batch, by itself.

  Attributes:
    index: in the global batch.
    finite: by name, whether all values of each array of the pair and of the
      'prediction' are.
    faults: a text for each fault of the pair's arrays.
    terms: of the loss of this example alone; 'loss', their sum, last.
    gradient_norm: of this example alone, over all parameters.
    scores: ``[H, W]`` in [0, 1] or NaN.
  """

  index: int
  finite: Mapping[str, bool]
  faults: tuple[str, ...]
  terms: Mapping[str, float]
  gradient_norm: float
  scores: HostArray

  @property
  def not_finite(self) -> tuple[str, ...]:
    """Names of the outputs of the example that are not finite."""
    values = {**self.terms, 'gradient_norm': self.gradient_norm}
    names = [name for name, value in values.items() if not math.isfinite(value)]
    return (*([] if self.finite['prediction'] else ['prediction']), *names)

  @property
  def rank(self) -> tuple[bool, bool, float]:
    """Sorts the worst first: outputs, then inputs, then the gradient."""
    norm = self.gradient_norm
    steepness = -norm if math.isfinite(norm) else -math.inf
    return not self.not_finite, not self.faults, steepness


def per_example_diagnostics(
  params: Params, pair: Pair, task: Task
) -> list[Diagnostics]:
  """The loss and the gradient norm of each example by itself.

  One example at a time, so that memory is that of a batch of one.

  Args:
    params: of the model.
    pair: of NumPy arrays ``[B, H, W, ...]``.
    task: the model and the loss.

  Returns:
    B diagnostics, in the order of the batch.
  """

  def objective(
    params: Params, pair: Pair
  ) -> tuple[Array, tuple[Mapping[str, Array], Prediction]]:
    prediction = cast(Prediction, apply_network(task, params, pair))
    total, terms = task.loss(prediction, pair.mask, pair.labels)
    return total, (terms, prediction)

  differentiate = jax.jit(jax.value_and_grad(objective, has_aux=True))
  diagnostics = []
  for index in range(len(pair.mask)):
    example = jax.tree.map(lambda x, at=index: x[at : at + 1], pair)
    (total, (terms, prediction)), gradient = differentiate(params, example)
    labels = {} if example.labels is None else example.labels._asdict()
    arrays = {**example._asdict(), **labels}
    del arrays['labels']
    diagnostics.append(
      Diagnostics(
        index=index,
        finite={
          **{name: _is_finite(array) for name, array in arrays.items()},
          'prediction': _is_finite(prediction),
        },
        faults=tuple(_find_faults(arrays)),
        terms={
          name: float(value) for name, value in {**terms, 'loss': total}.items()
        },
        gradient_norm=float(optax.tree.norm(gradient)),
        scores=np.asarray(jax.nn.sigmoid(prediction.logits)[0]),
      )
    )
  return diagnostics


def _is_finite(tree: object) -> bool:
  """Whether all values of a tree of arrays are."""
  return all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(tree))


def _find_faults(arrays: Mapping[str, HostArray]) -> Iterator[str]:
  """A text for each fault of an example's arrays."""
  for name, array in arrays.items():
    num_bad = int(np.sum(~np.isfinite(array)))
    if num_bad:
      yield f'{num_bad} value(s) of {name} are not finite'
    if name == 'kind' and array.min(initial=-1) < -1:
      yield f'kind has {array.min()}; -1 is the least'
    if name in _IN_UNIT_RANGE:
      beyond = array[
        np.isfinite(array) & (np.abs(array - 0.5) > 0.5 + _ROUNDING)
      ]
      if beyond.size:
        farthest = beyond[np.argmax(np.abs(beyond))]
        yield (
          f'{beyond.size} value(s) of {name} are beyond [0, 1], such as '
          f'{farthest:.4g}'
        )


def explain(replayed: Replayed, examples: Sequence[Diagnostics]) -> list[str]:
  """What made an update non-finite, or that it is finite.

  Args:
    replayed: the update.
    examples: of its batch.

  Returns:
    Sentences, the most important first, without a full stop.
  """
  metrics, earlier = replayed.metrics, replayed.earlier
  step = metrics.update
  if earlier is not None:
    return [
      f'update {earlier.update} was not finite already ({earlier}): replay '
      f'that one, --step={earlier.update}'
    ]
  if not _is_finite(replayed.params):
    return [
      f'the parameters of step {replayed.start}, where the run '
      f'{"resumed" if replayed.start else "started (train.init_weights)"}, '
      'are not finite'
    ]
  bad = sorted(
    (one for one in examples if one.not_finite or one.faults),
    key=lambda one: one.rank,
  )
  lines = [
    f'example {one.index} of update {step}: '
    f'{"; ".join(one.faults) or "pictures and mask are valid"}; not finite, '
    f'by itself: {", ".join(one.not_finite) or "nothing"}'
    for one in bad[:_NAMED_MAX]
  ]
  if len(bad) > _NAMED_MAX:
    lines.append(f'and {len(bad) - _NAMED_MAX} more, see replay.json')
  if not metrics.culprit:
    return [
      f'update {step} is finite: {metrics}. If training stopped here, other '
      'devices, or a hardware fault, made the difference',
      *lines,
    ]
  if not any(one.not_finite for one in bad):
    lines.append(_explain_batch(metrics, examples))
  return lines


def _explain_batch(
  metrics: UpdateMetrics, examples: Sequence[Diagnostics]
) -> str:
  """Why an update is not finite whose examples all are, by themselves."""
  if metrics.culprit == 'parameter_norm':
    return (
      f'the gradient of update {metrics.update} is finite and the step of the '
      f'optimizer is not ({metrics}): lower train.learning_rate'
    )
  steepest = min(examples, key=lambda one: one.rank)
  return (
    'every example is finite by itself; together they are not '
    f'({metrics}); the largest gradient norm, {steepest.gradient_norm:.4g}, is '
    f'that of example {steepest.index}'
  )


def write_report(
  folder: Path,
  replayed: Replayed,
  pair: Pair,
  examples: Sequence[Diagnostics],
) -> None:
  """Writes ``worst.png``, the worst examples first, and ``replay.json``.

  Args:
    folder: made if need be; an earlier report is replaced.
    replayed: the update.
    pair: its batch, of NumPy arrays.
    examples: of the batch, by index.
  """
  folder.mkdir(parents=True, exist_ok=True)
  worst = sorted(examples, key=lambda one: one.rank)[:_SHEET_MAX]
  rows = [one.index for one in worst]
  sheet = samples.draw_sheet(
    jax.tree.map(lambda x: x[rows], pair),
    np.stack([one.scores for one in worst]),
  )
  pictures.write_picture(folder / SHEET, sheet / 255)
  atomic_files.write_json(folder / 'replay.json', _to_json(replayed, examples))


def _to_json(replayed: Replayed, examples: Sequence[Diagnostics]) -> JsonObject:
  """The content of ``replay.json``."""
  earlier = replayed.earlier
  return {
    'step': replayed.metrics.update,
    'verdict': explain(replayed, examples),
    'layout': {
      'platform': jax.default_backend(),
      'processes': jax.process_count(),
      'devices': jax.device_count(),
    },
    'checkpoint_step': replayed.start,
    'update': _update_to_json(replayed.metrics),
    'earlier': None if earlier is None else _update_to_json(earlier),
    'examples': [
      {
        'index': one.index,
        'finite': dict(one.finite),
        'faults': list(one.faults),
        'terms': {name: _number(value) for name, value in one.terms.items()},
        'gradient_norm': _number(one.gradient_norm),
        'scores_mean': _number(float(np.mean(one.scores))),
      }
      for one in examples
    ],
  }


def _update_to_json(metrics: UpdateMetrics) -> JsonObject:
  values = {name: _number(value) for name, value in metrics.values.items()}
  return {'update': metrics.update, **values}


def _number(value: float) -> float | str:
  """A number for JSON, which has no NaN or infinity: those become text."""
  return value if math.isfinite(value) else str(value)
