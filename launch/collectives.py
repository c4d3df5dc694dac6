"""What a compiled program sends between devices, read from its text.

  found = list_collectives(compiled.as_text())
  figures = summarise(found)        # by kind: how many, and their bytes

Bytes are those that a device gives into the exchange, whatever route they take;
``weak_scaling`` says how many then cross its link.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

KINDS = (
  'all-reduce',
  'all-gather',
  'reduce-scatter',
  'all-to-all',
  'collective-permute',
)

# '%name = RESULT KIND(OPERANDS), ATTRIBUTES', as XLA prints an instruction.
_INSTRUCTION = re.compile(
  rf'^\s*(?:ROOT )?\S+ = (?P<result>.*?) (?P<kind>{"|".join(KINDS)})'
  r'(?P<start>-start)?\((?P<rest>.*)$',
  re.MULTILINE,
)
_ARRAY = re.compile(r'\b([a-z]+)(\d+)?\w*\[([\d,]*)\]')  # f32[3,3,16], pred[]
_GROUP = re.compile(r'replica_groups=\{\{([\d,]+)\}')  # {{0,1},{2,3}}
_IOTA_GROUP = re.compile(r'replica_groups=\[\d+,(\d+)\]')  # [2,2]<=[4]
# mesh['a'=2,'b'=4] {'b'}: groups along the axes in braces; since JAX 0.12.
_MESH_GROUP = re.compile(r'replica_groups=mesh\[([^\]]*)\] \{([^}]*)\}')
_AXIS = re.compile(r"'([^']*)'=(\d+)")


class Collective(NamedTuple):
  """One exchange between devices.

  Attributes:
    kind: one of ``KINDS``.
    num_arrays: how many arrays it carries.
    num_bytes: of what one device gives.
    group: how many devices exchange.
  """

  kind: str
  num_arrays: int
  num_bytes: int
  group: int


def list_collectives(text: str) -> list[Collective]:
  """Every exchange of a program, in the order of its text.

  One inside a loop counts once, however often the loop turns.

  Args:
    text: of the optimised program, ``compiled.as_text()``.

  Returns:
    Collectives; none for a program of one device.

  Raises:
    ValueError: for one that is split into a start and an end, as programs for
      accelerators are; its result is no measure of what it is given.
  """
  found = []
  for match in _INSTRUCTION.finditer(text):
    kind = match['kind']
    if match['start']:
      raise ValueError(
        f'the program starts an {kind} and ends it elsewhere: compile it for '
        'CPU devices, JAX_PLATFORMS=cpu'
      )
    arrays = _ARRAY.findall(match['result'])
    given = sum(_bytes_of(*array) for array in arrays)
    group = _group_size(match['rest'])
    # Results are printed with their shapes, operands are not.
    if kind == 'all-gather':
      given //= group
    elif kind == 'reduce-scatter':
      given *= group
    found.append(Collective(kind, len(arrays), given, group))
  return found


def summarise(found: Sequence[Collective]) -> dict[str, dict[str, int]]:
  """Number and bytes of each kind that there is.

  Args:
    found: of one program.

  Returns:
    Kind -> ``count``, ``arrays``, ``bytes`` and ``largest_bytes``.
  """
  figures = {}
  for kind in KINDS:
    some = [each for each in found if each.kind == kind]
    if some:
      figures[kind] = {
        'count': len(some),
        'arrays': sum(each.num_arrays for each in some),
        'bytes': sum(each.num_bytes for each in some),
        'largest_bytes': max(each.num_bytes for each in some),
      }
  return figures


def _bytes_of(letters: str, bits: str, sides: str) -> int:
  """Bytes of an array of ``letters`` + ``bits``, say f32, and its sides."""
  del letters
  size = max(int(bits or 8) // 8, 1)  # pred has no number and takes a byte
  return size * math.prod(int(side) for side in sides.split(',') if side)


def _group_size(attributes: str) -> int:
  """How many devices exchange; 1 where it is not said."""
  if listed := _GROUP.search(attributes):
    return listed[1].count(',') + 1
  if iota := _IOTA_GROUP.search(attributes):
    return int(iota[1])
  if mesh := _MESH_GROUP.search(attributes):
    sizes = {name: int(size) for name, size in _AXIS.findall(mesh[1])}
    return math.prod(sizes[name] for name in re.findall(r"'([^']*)'", mesh[2]))
  return 1
