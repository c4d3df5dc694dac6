"""What the commands that transfer share: flags and checks of their config.

command.define_flags()
command.run_study(few_shot.run, table='few_shot.md')
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import ml_collections
from absl import flags

from zeroshot.data.manifest import LabelledPair
from zeroshot.experiments import labelled_sets
from zeroshot.runtime import cli


class RunStudy(Protocol):
  """Runs what is missing of a study; see ``few_shot.run``."""

  def __call__(
    self, config: ml_collections.ConfigDict, *, workdir: Path, only: str
  ) -> None:
    """Runs it."""


def define_flags() -> None:
  """Defines the flags of a study but for ``--config``."""
  flags.DEFINE_string('workdir', None, 'Folder of the study.', required=True)
  flags.DEFINE_string(
    'init_weights',
    'default',
    'Weights to start from: a file, or the name of weights that ship.',
  )
  flags.DEFINE_string(
    'only',
    '',
    'Comma-separated names of what to run now; the tables show all.',
  )


def run_study(run: RunStudy, *, table: str) -> None:
  """Runs a study by the flags, and prints where its table is.

  Args:
    run: of the study.
    table: name of the file below the workdir.
  """
  cli.show_log_lines()
  workdir = Path(flags.FLAGS.workdir).expanduser()
  run(config_from_flags(), workdir=workdir, only=flags.FLAGS.only)
  print(f'the table is {workdir / table}')


def config_from_flags() -> ml_collections.ConfigDict:
  """The config with the weights to start from."""
  config, flag = flags.FLAGS.config, flags.FLAGS['init_weights']
  if flag.present or not config.train.init_weights:
    config.train.init_weights = flag.value
  return config


def check_labelled(config: ml_collections.ConfigDict) -> list[LabelledPair]:
  """All labelled pairs.

  Raises:
    ValueError: the config names no pairs, or no weights to start from.
  """
  pairs = labelled_sets.every_pair(config)
  if not pairs:
    raise ValueError(
      'no labelled pairs are named; give --config.labelled.root=PCBDATA, or '
      '--config.labelled.manifest=FILE'
    )
  if not config.train.init_weights:
    raise ValueError(
      'train.init_weights is empty; give --init_weights=default, or a file'
    )
  return pairs


def check_every(value: int, field: str) -> None:
  """Refuses a period below 1."""
  if value < 1:
    raise ValueError(f'{field} is {value}; 1 takes each pair, 2 every other')
