"""Refuses settings of synthesis that make no sense, by name.

checks.check(config.synthesis)
"""

from __future__ import annotations

import math

import ml_collections


def check(config: ml_collections.ConfigDict) -> None:
  """Checks all but the weights, which ``mixture.select`` checks.

  Args:
    config: ``config.synthesis``.

  Raises:
    ValueError: a size, a number or a probability makes no sense; the message
      names the field and says what to give.
  """
  if config.size_px % 8:
    raise ValueError(
      f'synthesis.size_px is {config.size_px}; it must be a multiple of 8'
    )
  smallest, largest = config.regions.size_px
  if not 0 < smallest <= largest:
    raise ValueError(
      f'synthesis.regions.size_px is {config.regions.size_px}; give '
      '(smallest, largest) with 0 < smallest <= largest'
    )
  fewest, most = config.regions.num_min, config.regions.num_max
  if not 1 <= fewest <= most:
    raise ValueError(
      f'synthesis.regions.num_min is {fewest} and num_max {most}; give '
      '1 <= num_min <= num_max'
    )
  shares = {
    f'nuisances.{name}.probability': settings.probability
    for name, settings in config.nuisances.items()
  }
  shares['defect_free_share'] = config.defect_free_share
  for name, share in shares.items():
    if not 0 <= share <= 1:
      raise ValueError(f'synthesis.{name} is {share}; it must be in [0, 1]')
  check_relief(config.relief, 'synthesis.relief')
  check_relief(config.relit, 'synthesis.relit')
  if not config.relit.max_slant >= 1:
    raise ValueError(
      f'synthesis.relit.max_slant is {config.relit.max_slant}; it must be at '
      'least 1: lamps stand at its reciprocal too'
    )


def check_relief(section: ml_collections.ConfigDict, path: str) -> None:
  """Checks each number of a section by what its name says it is.

  Args:
    section: ``config.synthesis.relief`` or ``relit``, or a section of it.
    path: its name, for messages.

  Raises:
    ValueError: a number is out of range; the message names the field and
      gives the range.
  """
  for name, value in section.items():
    field = f'{path}.{name}'
    if isinstance(value, ml_collections.ConfigDict):
      check_relief(value, field)
      continue
    is_right, allowed = _rule(field, value)
    if not is_right:
      raise ValueError(f'{field} is {value}; it must be {allowed}')


def _rule(field: str, value: float) -> tuple[bool, str]:
  """Whether a value is right for a field of such a section, and which are."""
  name = field.rsplit('.', 1)[-1]
  is_share = name == 'probability' or name.endswith('_share')
  if is_share or field.endswith('camera.shadow.max_change'):
    return 0 <= value <= 1, 'in [0, 1]'
  if field.endswith('faint.least'):  # no change is fainter than its least
    return 0 < value <= 1, 'in (0, 1]'
  if field.endswith('.scale.max_change'):  # or the picture is mirrored
    return 0 <= value < 1, 'in [0, 1)'
  if name == 'cell_px':
    return 0 < value < math.inf, 'greater than 0'
  return 0 <= value < math.inf, 'at least 0, and finite'
