"""Override lines: joined, and applied to a config as a command would.

lines = overrides.merge(['train.steps=9'], ['seed=1'], field='rows.a.train')
settings = overrides.resolve('configs/default.py', lines, field='rows.a.train')

A *line* is ``'field=value'``, what follows ``--config.`` on a command line;
*settings* are a whole config with lines applied, as plain dicts and lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from absl import flags
from ml_collections import config_flags

from zeroshot.types import JsonObject

# What ml_collections raises for a missing file, an unknown field, a value of
# another type.
_REFUSALS = (AttributeError, KeyError, OSError, TypeError, flags.Error)


def merge(*groups: Iterable[str], field: str) -> tuple[str, ...]:
  """Joins groups of lines; of two for the same field the later one holds.

  Args:
    *groups: of lines.
    field: that the lines come from, for the message.

  Returns:
    One line for each field, where the field stood first.

  Raises:
    ValueError: for what is no line, or a field twice in one group.
  """
  merged: dict[str, str] = {}
  for group in groups:
    names = set()
    for line in group:
      name, is_line, _ = str(line).partition('=')
      if not is_line or not re.fullmatch(r'\w+(\.\w+)*', name):
        raise ValueError(f'{field}: {line!r} is no line; write name=value')
      if name in names:
        raise ValueError(f'{field}: {name} is set twice; remove one line')
      names.add(name)
      merged[name] = line
  return tuple(merged.values())


def as_flags(lines: Iterable[str]) -> tuple[str, ...]:
  """The lines as words of a command line."""
  return tuple(f'--config.{line}' for line in lines)


def resolve(path: str, lines: Sequence[str], *, field: str) -> JsonObject:
  """A config with lines applied.

  Args:
    path: of the config file.
    lines: to apply.
    field: that the lines come from, for the message.

  Returns:
    The settings.

  Raises:
    ValueError: naming the line that cannot be applied, or the file.
  """
  try:
    return _apply(path, lines)
  except _REFUSALS as error:
    fault = error
  try:
    _apply(path, [])
  except _REFUSALS as error:
    reason = str(error.__cause__ or error).splitlines()[-1].strip()
    raise ValueError(f'{field}: {path} cannot be read: {reason}') from error
  for line in lines:
    try:
      _apply(path, [line])
    except _REFUSALS as error:
      raise ValueError(
        f'{field}: {path} does not take the line {line!r}: {error}'
      ) from error
  raise ValueError(f'{field}: {path} does not take its lines: {fault}')


def _apply(path: str, lines: Sequence[str]) -> JsonObject:
  """Parses the flags of a command that is not run."""
  words = ['unused', f'--config={path}', *as_flags(lines)]
  values = flags.FlagValues()
  config_flags.DEFINE_config_file(
    'config', None, '', flag_values=values, lock_config=True, sys_argv=words
  )
  values(words)
  settings: JsonObject = json.loads(values.config.to_json())
  return settings
