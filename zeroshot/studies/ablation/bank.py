"""The bank of photographs: which commands of an ablation need it, and get it.

lines, settings = ablation_bank.given(config, path, lines, settings)
ablation_bank.check({'photographs': settings})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_collections

from zeroshot.data import bank as bank_files
from zeroshot.run_config import overrides


def takes_photographs(settings: Mapping[str, Any]) -> bool:
  """Whether pairs of such settings are made of photographs too."""
  weight: float = settings['synthesis']['backgrounds']['photographs']
  return weight > 0


def given(
  config: ml_collections.ConfigDict,
  path: str,
  lines: tuple[str, ...],
  settings: dict[str, Any],
) -> tuple[tuple[str, ...], dict[str, Any]]:
  """Adds the table's bank, where there is one, to a command that needs it.

  Args:
    config: of the ablation.
    path: of the config that the lines change.
    lines: of the command.
    settings: that they resolve to.

  Returns:
    Lines and settings.
  """
  if not (config.bank and takes_photographs(settings)):
    return lines, settings
  bank = [f'synthesis.bank={config.bank}']
  lines = overrides.merge(lines, bank, field='bank')
  return lines, overrides.resolve(path, lines, field='bank')


def check(trainings: Mapping[str, Mapping[str, Any]]) -> None:
  """Refuses to train on photographs that are not there.

  Args:
    trainings: settings of the wanted rows' trainings, by the row's name.

  Raises:
    ValueError: a row has no bank, or a bank cannot be read.
  """
  needing = {
    name: settings['synthesis']['bank']
    for name, settings in trainings.items()
    if takes_photographs(settings)
  }
  without = [name for name, path in needing.items() if not path]
  if without:
    raise ValueError(
      f'bank is empty and these rows train on photographs: '
      f'{", ".join(without)}; pack one with data_tools.pack_backgrounds and '
      'give --config.bank=FILE.npz, or name other rows in --config.only'
    )
  for path in sorted(set(needing.values())):
    bank_files.load_bank(path)
