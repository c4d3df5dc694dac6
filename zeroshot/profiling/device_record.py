"""What a check of a device has measured so far, on the disk at any time.

  record = device_record.Record(out, facts, limit_s=540)
  with record.row('training', '640 px, batch 64') as row:
    record.require(40.0)  # seconds
    row.figures['pairs_per_second'] = 114.0

Where time ends, memory ends or a measurement fails, its row says so and the
check goes on: a machine is lent once. ``check.json`` and ``check.md`` are
written before and after each measurement.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jax

from zeroshot.report.markdown_table import markdown_table
from zeroshot.runtime import atomic_files
from zeroshot.types import JsonObject

DONE, FAILED, RUNNING, SKIPPED = 'done', 'failed', 'running', 'skipped'
OUT_OF_MEMORY = 'out of memory'
# Columns of the tables: titles, and the figures that they show, by section.
COLUMNS = {
  'inference': {
    'pairs/s': 'pairs_per_second',
    'compile s': 'compile_s',
    'memory MiB': 'memory_mib',
  },
  'training': {
    'pairs/s': 'pairs_per_second',
    'compile s': 'compile_s',
    'memory MiB': 'memory_mib',
    'TFLOP/s': 'teraflop_per_second',
    'of the peak': 'utilisation',
  },
  'shares': {
    'synthesis': 'synthesis',
    'forward': 'forward',
    'backward': 'backward',
    'rest': 'rest',
  },
  'trained': {
    'steps': 'steps',
    'pairs/s': 'pairs_per_second',
    'last loss': 'loss',
  },
}


class SkipError(Exception):
  """There is nothing to measure; its text says why."""


@dataclass
class Row:
  """One measurement.

  Attributes:
    section: a key of ``COLUMNS``.
    what: is measured, in words.
    state: one of the words above, or ``OUT_OF_MEMORY``.
    reason: of a state that is not done.
    seconds: that it took.
    figures: what was measured.
  """

  section: str
  what: str
  state: str = RUNNING
  reason: str = ''
  seconds: float = 0.0
  figures: JsonObject = field(default_factory=dict)


class Record:
  """Rows of measurements, and the time that is left for more."""

  def __init__(
    self, out: Path, facts: Mapping[str, object], *, limit_s: float
  ) -> None:
    """Begins a record, and its time.

    Args:
      out: folder of the two files; made where it is missing.
      facts: of the device and the program, JSON-compatible.
      limit_s: seconds for all measurements.
    """
    self._out, self._facts = out, dict(facts)
    self._start = time.monotonic()
    self._limit_s = limit_s
    self.rows: list[Row] = []
    out.mkdir(parents=True, exist_ok=True)
    self.write()

  @property
  def left_s(self) -> float:
    """Seconds that are left."""
    return self._limit_s - (time.monotonic() - self._start)

  def require(self, expected_s: float, *, keep_s: float = 0.0) -> None:
    """Goes on only where there is time.

    Args:
      expected_s: seconds that the measurement will take.
      keep_s: seconds that later ones need.

    Raises:
      SkipError: so much is not left.
    """
    left = self.left_s - keep_s
    if expected_s > left:
      raise SkipError(
        f'{expected_s:.0f} s expected, {max(left, 0):.0f} s left for it'
      )

  @contextlib.contextmanager
  def row(self, section: str, what: str) -> Iterator[Row]:
    """One measurement, whose figures the caller fills in.

    Its errors end here and become the row's state.

    Args:
      section: a key of ``COLUMNS``.
      what: is measured.
    """
    row = Row(section, what)
    self.rows.append(row)
    self.write()
    start = time.monotonic()
    try:
      yield row
      row.state = DONE
    except SkipError as error:
      row.state, row.reason = SKIPPED, str(error)
    except Exception as error:
      text = str(error)
      is_memory = isinstance(error, jax.errors.JaxRuntimeError) and (
        'RESOURCE_EXHAUSTED' in text or 'out of memory' in text.lower()
      )
      row.state = OUT_OF_MEMORY if is_memory else FAILED
      row.reason = (text.splitlines() or [repr(error)])[0][:300]
      if not is_memory:
        row.figures['traceback'] = traceback.format_exc()
    row.seconds = round(time.monotonic() - start, 2)
    self.write()

  def done(self, section: str) -> list[Row]:
    """The rows of a section that have figures."""
    return [r for r in self.rows if r.section == section and r.state == DONE]

  def has_failed(self) -> bool:
    """Whether a measurement ended in an error that is not the device's size."""
    return any(row.state == FAILED for row in self.rows)

  def to_json(self) -> JsonObject:
    """The facts, the seconds so far, and a list of rows for each section."""
    seconds = round(time.monotonic() - self._start, 1)
    content = {**self._facts, 'limit_s': self._limit_s, 'seconds': seconds}
    for section in COLUMNS:
      content[section] = [
        {
          'what': row.what,
          'state': row.state,
          **({'reason': row.reason} if row.reason else {}),
          'seconds': row.seconds,
          **row.figures,
        }
        for row in self.rows
        if row.section == section
      ]
    return content

  def to_markdown(self) -> str:
    """A line of facts, and a table for each section that has rows."""
    facts = ', '.join(f'{name} {value}' for name, value in self._facts.items())
    parts = [f'{facts}.']
    for section, columns in COLUMNS.items():
      rows = [
        [
          row.what,
          *(_cell(row.figures.get(name)) for name in columns.values()),
          '' if row.state == DONE else f'{row.state}: {row.reason}',
        ]
        for row in self.rows
        if row.section == section
      ]
      if rows:
        head = [section, *columns, 'remark']
        parts.append(markdown_table(head, rows, num_left=1))
    return '\n\n'.join(parts) + '\n'

  def write(self) -> None:
    """Writes both files."""
    atomic_files.write_json(self._out / 'check.json', self.to_json())
    atomic_files.write_text(self._out / 'check.md', self.to_markdown())


def _cell(value: object) -> str:
  """A figure with three digits at least."""
  if value is None:
    return ''
  if not isinstance(value, float):
    return str(value)
  return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'
