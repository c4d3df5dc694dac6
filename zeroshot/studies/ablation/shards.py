"""Which part of an ablation is whose, where the tasks of a job array share it.

  shard = ablation_shards.parse('0/8')
  mine = ablation_shards.deal(evaluations, shard)

Evaluations of one training stay together, lest one task wait for the training
of another. Such groups are dealt round robin, in the order of the plan and
whatever is done already, so that all tasks agree whenever they start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from zeroshot.studies.ablation.plan import Evaluation, Plan

ALL = 'all'


class Shard(NamedTuple):
  """One of so many parts, counted from 0."""

  part: int
  num_parts: int


WHOLE = Shard(0, 1)


def parse(text: str) -> Shard:
  """Reads ``--shard``.

  Args:
    text: ``'i/n'`` with 0 <= i < n, or ``'all'``.

  Returns:
    The shard; for ``'all'`` the only one of one.

  Raises:
    ValueError: it is neither.
  """
  if text == ALL:
    return WHOLE
  found = re.fullmatch(r'(\d+)/(\d+)', text, re.ASCII)
  if not found or int(found[1]) >= int(found[2]):
    raise ValueError(
      f'--shard={text}: give i/n with 0 <= i < n, as --shard=0/8 (job arrays '
      f'count from 0 too: --array=0-7), or {ALL}'
    )
  return Shard(int(found[1]), int(found[2]))


def wanted(plan: Plan) -> list[Evaluation]:
  """The evaluations of the wanted rows, in order."""
  return [
    evaluation
    for row in plan.rows
    if row.wanted
    for evaluation in row.evaluations
  ]


def deal(evaluations: Iterable[Evaluation], shard: Shard) -> list[Evaluation]:
  """The evaluations of a shard.

  Args:
    evaluations: of all shards.
    shard: one of them.

  Returns:
    Its own, in the same order; those of all parts are a partition.
  """
  numbers: dict[Path, int] = {}  # of the groups, as they come
  mine = []
  for evaluation in evaluations:
    training = evaluation.training
    group = training.folder if training else evaluation.folder.parent
    number = numbers.setdefault(group, len(numbers))
    if number % shard.num_parts == shard.part:
      mine.append(evaluation)
  return mine
