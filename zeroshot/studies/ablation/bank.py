"""Photographs for the rows of an ablation that train on them.

lines, settings = bank.add_bank(config, path, lines, settings)
bank.check_banks({'photographs': settings})
"""

from __future__ import annotations

from collections.abc import Mapping

import ml_collections

from zeroshot.data import bank as bank_files
from zeroshot.run_config import overrides
from zeroshot.types import PlainConfig


def uses_photographs(settings: PlainConfig) -> bool:
  """Whether synthetic pairs of these settings use photographs."""
  weight: float = settings['synthesis']['backgrounds']['photographs']
  return weight > 0


def add_bank(
  config: ml_collections.ConfigDict,
  path: str,
  lines: tuple[str, ...],
  settings: PlainConfig,
) -> tuple[tuple[str, ...], PlainConfig]:
  """Adds the table's bank, if any, to a command that needs it.

  Args:
    config: of the ablation.
    path: of the config that the lines override.
    lines: of the command.
    settings: what they resolve to.

  Returns:
    Lines and settings.
  """
  if not (config.bank and uses_photographs(settings)):
    return lines, settings
  bank = [f'synthesis.bank={config.bank}']
  lines = overrides.merge(lines, bank, field='bank')
  return lines, overrides.resolve(path, lines, field='bank')


def check_banks(trainings: Mapping[str, PlainConfig]) -> None:
  """Refuses to train on missing photographs.

  Args:
    trainings: settings of the selected rows' trainings, by the row's name.

  Raises:
    ValueError: a row has no bank, or a bank cannot be read.
  """
  paths = {
    name: settings['synthesis']['bank']
    for name, settings in trainings.items()
    if uses_photographs(settings)
  }
  missing = [name for name, path in paths.items() if not path]
  if missing:
    raise ValueError(
      f'bank is empty and these rows train on photographs: '
      f'{", ".join(missing)}; pack one with data_tools.pack_backgrounds and '
      'give --config.bank=FILE.npz, or name other rows in --config.only'
    )
  for path in sorted(set(paths.values())):
    bank_files.load_bank(path)
