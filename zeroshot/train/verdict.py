"""Which example did it: what was found about a batch, in words.

  for line in verdict(replayed, findings):
    print(line)

An update that is not finite has one of three causes, looked for in this order:
the parameters were bad before; an example is bad by itself; or neither, and
the batch as a whole, or the optimizer's own step, went too far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from zeroshot.train.examples import Finding
from zeroshot.train.replay import Outcome, Replayed

_NAMED_MAX = 8  # examples; the rest is counted


def verdict(replayed: Replayed, findings: Sequence[Finding]) -> list[str]:
  """What made an update go wrong, or that it did not.

  Args:
    replayed: the update.
    findings: of its batch.

  Returns:
    Sentences, the most important first, without a stop at their ends.
  """
  step, earlier = replayed.outcome.update, replayed.earlier
  lines = []
  spoiled = _spoiled(replayed.params)
  if spoiled:
    lines.append(_before(replayed, spoiled))
  elif earlier is not None:
    lines.append(
      f'update {earlier.update} was not finite already ({_figures(earlier)}): '
      f'replay that one too, --step={earlier.update}'
    )
  if not replayed.outcome.culprit:
    lines.append(
      f'update {step} is fine: {_figures(replayed.outcome)}. If training '
      'stopped here, other devices, or a fault of theirs, made the difference'
    )
  # Of spoiled parameters nothing finite can come: content alone counts then.
  accused = [one for one in findings if one.faults or not spoiled]
  lines += _examples(step, accused)
  if not spoiled and not any(one.not_finite for one in findings):
    lines.append(_no_example(replayed.outcome, findings))
  return lines


def _spoiled(params: Any) -> str:
  """What is wrong with parameters by themselves; '' if nothing is."""
  flat = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(params)])
  num_bad = int(np.sum(~np.isfinite(flat)))
  if num_bad:
    return f'not finite ({num_bad} of {flat.size})'
  # Training watches the norm, whose square is what overflows first.
  norm = float(np.linalg.norm(flat.astype(np.float64)))
  if norm > math.sqrt(float(np.finfo(flat.dtype).max)):
    return f'too large (up to {float(np.max(np.abs(flat))):.3g})'
  return ''


def _before(replayed: Replayed, spoiled: str) -> str:
  """Parameters were bad before the update, and what made them so."""
  step, earlier = replayed.outcome.update, replayed.earlier
  if earlier is None:
    source = f'the checkpoint of step {replayed.begun}'
    if not replayed.begun:
      source = 'the start of the run (train.init_weights, if given)'
    made = f'they came so from {source}'
  else:
    made = (
      f'update {earlier.update} made them so ({_figures(earlier)}): replay '
      f'that one, --step={earlier.update}'
    )
  return (
    f'every example: the parameters before update {step} are {spoiled} '
    f'already: {made}'
  )


def _examples(step: int, findings: Sequence[Finding]) -> list[str]:
  """The examples that are bad by themselves, worst first."""
  bad = sorted(
    (one for one in findings if one.not_finite or one.faults),
    key=lambda one: one.order,
  )
  innocent = all(one.not_finite and not one.faults for one in findings)
  if innocent and len(findings) > 1:
    names = ', '.join(bad[0].not_finite)
    return [
      f'every example of update {step}: pictures, mask and parameters are in '
      f'order, and yet {names} are not finite: the network or the loss '
      'overflows at parameters like these'
    ]
  lines = [f'example {one.index} of update {step}: {_why(one)}' for one in bad]
  if len(lines) > _NAMED_MAX:
    rest = len(lines) - _NAMED_MAX
    lines = [*lines[:_NAMED_MAX], f'and {rest} more, see replay.json']
  return lines


def _why(finding: Finding) -> str:
  """What is wrong with an example, cause before consequence."""
  causes = ', '.join(finding.faults) or 'pictures and mask are in order'
  if not finding.not_finite:
    return f'{causes}; what comes of it is finite'
  return f'{causes}; not finite, alone: {", ".join(finding.not_finite)}'


def _no_example(outcome: Outcome, findings: Sequence[Finding]) -> str:
  """No example is to blame: the optimizer is, or all of them together."""
  steepest = max(findings, key=lambda one: one.gradient_norm)
  largest = (
    f"the largest gradient norm of one alone is example {steepest.index}'s: "
    f'{steepest.gradient_norm:.4g}'
  )
  if outcome.culprit == 'parameter_norm':
    return (
      f'no example did it: the gradient of update {outcome.update} is finite '
      f'and the step that the optimizer took is not ({_figures(outcome)}): '
      'lower train.learning_rate'
    )
  if outcome.culprit:
    return (
      f'no example is bad by itself; together they make update '
      f'{outcome.update} so ({_figures(outcome)}); {largest}'
    )
  return largest


def _figures(outcome: Outcome) -> str:
  """The figures of an update, the culprit first."""
  names = sorted(outcome.values, key=lambda name: name != outcome.culprit)
  return ', '.join(f'{name} {outcome.values[name]:.4g}' for name in names)
