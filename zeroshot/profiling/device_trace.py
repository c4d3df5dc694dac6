"""Where the time of a training step goes, by a trace of the profiler.

  shares = device_trace.shares(program_text, run_steps, folder)
  shares['synthesis']  # of the time of all operations

The operations of a compiled program carry the scopes that they come from
(``train.step``); the trace carries their names and times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
from jax.profiler import ProfileData

from zeroshot.train.step import NETWORK, SYNTHESIS

PARTS = ('synthesis', 'forward', 'backward', 'rest')
UNKNOWN = 'unknown'  # of operations without a scope, such as copies
_INSTRUCTION = re.compile(r'%?([\w.-]+) = .*? ([\w-]+)\(')
_SCOPE = re.compile(r'op_name="([^"]*)"')
# Their time is that of the operations inside.
_CONTAINERS = ('while', 'conditional', 'call')


def shares(
  program: str, run: Callable[[], None], folder: Path
) -> dict[str, float]:
  """Runs a program under the profiler and adds up the times of its parts.

  Args:
    program: text of the compiled program, ``Compiled.as_text``.
    run: runs it and waits for its end.
    folder: for the trace, which stays there for XProf or Perfetto.

  Returns:
    The share of each of ``PARTS``, and of ``UNKNOWN``, in the time of all
    operations; empty where the trace has none of them.
  """
  with jax.profiler.trace(str(folder)):
    run()
  parts = parts_of(program)
  seconds = dict.fromkeys((*PARTS, UNKNOWN), 0.0)
  for name, duration_ns in operations(folder):
    part = parts.get(_plain(name), UNKNOWN)
    if part is not None:
      seconds[part] += duration_ns
  total = sum(seconds.values())
  return {part: value / total for part, value in seconds.items() if total}


def parts_of(program: str) -> dict[str, str | None]:
  """The part of a step that each operation of a compiled program is of.

  Args:
    program: see ``shares``.

  Returns:
    Names of operations -> one of ``PARTS``, ``UNKNOWN`` where it has no scope,
    or None where its time is that of others.
  """
  parts: dict[str, str | None] = {}
  for line in program.splitlines():
    match, scope = _INSTRUCTION.search(line), _SCOPE.search(line)
    if match:
      part = _part(scope[1]) if scope else UNKNOWN
      parts[_plain(match[1])] = None if match[2] in _CONTAINERS else part
  return parts


def operations(folder: Path) -> Iterator[tuple[str, float]]:
  """Name and nanoseconds of each operation of the traces in a folder."""
  for file in sorted(folder.rglob('*.xplane.pb')):
    for plane in ProfileData.from_file(str(file)).planes:
      for line in plane.lines:
        for event in line.events:
          stats = {name: value for name, value in event.stats if name}
          if 'hlo_op' in stats:
            yield str(stats['hlo_op']), float(event.duration_ns)


def _part(scope: str) -> str:
  """The part of a step that a scope names."""
  names = re.split(r'[/()]', scope)
  if SYNTHESIS in names:
    return 'synthesis'
  if NETWORK in names:
    return 'backward' if 'transpose' in names else 'forward'
  return 'rest'


def _plain(name: str) -> str:
  """A name of an operation as both the program and the trace write it."""
  return name.lstrip('%').replace('.', '_')
