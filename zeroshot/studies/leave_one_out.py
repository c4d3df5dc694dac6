"""Each group of labelled pairs by weights that never saw it.

leave_one_out.run(config, default_config, workdir=workdir, only='group44000')
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import ml_collections

from zeroshot.data import manifest
from zeroshot.experiments import labelled_sets
from zeroshot.runtime import atomic_files
from zeroshot.studies import command, leave_one_out_table, runs
from zeroshot.studies.runs import Record, Run


class Group(NamedTuple):
  """What is run for one group: the transferred weights and those before."""

  transferred: Run
  untrained: Run


def run(
  config: ml_collections.ConfigDict,
  default_config: ml_collections.ConfigDict,
  *,
  workdir: Path,
  only: str = '',
) -> None:
  """Runs what is missing of the groups, and keeps the table up to date.

  Args:
    config: the whole config.
    default_config: of ``configs/default.py``, by which the weights before
      transfer are evaluated.
    workdir: folder of the study.
    only: comma-separated groups to run now; ``''`` takes all.

  Raises:
    ValueError: invalid settings or files, or records of another
      config.
  """
  groups = plan(config, default_config)
  runs.run_all(
    [run for group in groups.values() for run in group],
    only=only,
    workdir=workdir,
    report=functools.partial(write, config, groups, workdir),
  )


def plan(
  config: ml_collections.ConfigDict,
  default_config: ml_collections.ConfigDict,
) -> dict[str, Group]:
  """The plan: everything to run.

  Args:
    config: the whole config.
    default_config: see ``run``.

  Returns:
    The runs of each group, by its name, sorted.

  Raises:
    ValueError: invalid settings or files.
  """
  settings = config.leave_one_out
  names = _list_groups(config)
  command.check_every(settings.every, 'leave_one_out.every')
  views = dict(runs.STILL_VIEW, moved=settings.moved.to_dict())
  groups = {}
  for name in names:
    copy, folder = _without(config, name), folder_name(name)
    groups[name] = Group(
      Run(folder, name, copy, views),
      Run(
        f'{folder}-untrained',
        name,
        runs.untrained_config(copy, default_config),
        views,
        trained=False,
      ),
    )
  return groups


def write(
  config: ml_collections.ConfigDict,
  groups: Mapping[str, Group],
  workdir: Path,
  records: Mapping[str, Record],
) -> None:
  """Writes the table of the records of finished runs."""
  rows = [
    leave_one_out_table.build_row(
      name,
      records.get(group.transferred.name),
      records.get(group.untrained.name),
    )
    for name, group in groups.items()
  ]
  mean = leave_one_out_table.weighted_mean(rows)
  content = leave_one_out_table.describe(config, list(records.values()))
  atomic_files.write_json(
    workdir / 'leave_one_out.json',
    {
      **content,
      'groups': [row._asdict() for row in rows],
      'mean': mean._asdict(),
    },
  )
  atomic_files.write_text(
    workdir / 'leave_one_out.md',
    leave_one_out_table.to_markdown(rows, mean, caption=content['caption']),
  )


def folder_name(group: str) -> str:
  """A group's name as one of a folder: a manifest's may be a path."""
  return re.sub(r'[^\w.-]', '_', group)


def _list_groups(config: ml_collections.ConfigDict) -> list[str]:
  """The groups to report on, sorted."""
  labelled, settings = config.labelled, config.leave_one_out
  known = {pair.group for pair in command.check_labelled(config)}
  left_out = set(manifest.split_names(labelled.leave_out))
  selected = set(manifest.split_names(labelled.groups)) or known
  for field in ('stop_group', 'stop_group_else'):
    if settings[field] and settings[field] not in known:
      raise ValueError(
        f'leave_one_out.{field}: there is no group {settings[field]}; the '
        f'groups are {", ".join(sorted(known))}'
      )
  names = sorted(selected - left_out)
  if len({folder_name(name) for name in names}) < len(names):
    raise ValueError(
      f'groups {", ".join(names)} differ in other signs than letters, digits, '
      '_, - and . alone; rename them'
    )
  return names


def _without(
  config: ml_collections.ConfigDict, group: str
) -> ml_collections.ConfigDict:
  """A config that trains on all groups but one, and reports on that."""
  settings = config.leave_one_out
  stop = settings.stop_group
  if group == stop:
    stop = settings.stop_group_else
  if group == stop:
    raise ValueError(
      f'leave_one_out.stop_group and stop_group_else are both {group}, which '
      'is reported on too; give two groups'
    )
  return labelled_sets.reporting_on(
    config, [group], every=settings.every, stop_groups=stop
  )
