"""The lines of ``results.jsonl``: one JSON record for each pair.

for record in result_records.read_records(out):
  record['row'], record['verdict']
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from zeroshot.inspection import result
from zeroshot.types import JsonObject

ERROR = 'error'  # verdict of a row that could not be inspected
RESULTS = 'results.jsonl'
_MAX = 1e9  # of pixels, degrees and seconds
_SIDES = result.Box._fields[:5]  # and the confidence
_SIZES = ('size_px', 'size_mm', 'area_px', 'severity')  # older boxes have none


def read_records(
  out: Path, *, notes: list[str] | None = None
) -> Iterator[JsonObject]:
  """Reads the results of a folder, one record at a time.

  Args:
    out: the folder; it may have no results yet.
    notes: if given, sentences that a reader has to know are appended.

  Yields:
    Each complete record; NaN and infinity are None. A last line that is cut
    short is skipped: its row counts as not done.

  Raises:
    ValueError: a line is no record.
  """
  file = out / RESULTS
  if not file.exists():
    return
  with file.open('rb') as opened:
    for number, line in enumerate(opened, start=1):
      record = _parse(line)
      if record is None and not line.endswith(b'\n'):
        if notes is not None:
          notes.append(
            f'The last line of {RESULTS} is half-written and left out; inspect '
            'again to do its pair.'
          )
        return
      if not isinstance(record, dict):
        fault = 'it is no JSON object'
      elif not (fault := _find_fault(record)):
        yield record
        continue
      raise ValueError(
        f'{file}, line {number}: damaged ({fault}); remove the line and run '
        'zeroshot inspect again: it does this row anew'
      )


def format_record(record: JsonObject) -> str:
  """The record as a line of ``results.jsonl``."""
  return json.dumps(record, allow_nan=False) + '\n'


def is_number(value: object) -> bool:
  """Whether a value is a finite number in the range of results."""
  return isinstance(value, int | float) and -_MAX < value < _MAX


def _parse(line: bytes) -> object:
  """The JSON of a line; None if it is none, or stands for NaN or infinity."""
  try:
    value: object = json.loads(line, parse_constant=lambda _: None)
  except (ValueError, RecursionError):
    return None
  return value


def _find_fault(record: JsonObject) -> str:
  """Why an object is no record of a results folder; '' if it is one."""
  row, verdict = record.get('row'), record.get('verdict')
  if not isinstance(row, int) or not isinstance(record.get('name'), str):
    return 'row is no integer, or name no text'
  if verdict == ERROR:
    if not isinstance(record.get('error'), str):
      return 'error is no text'
    is_folder = isinstance(record.get('pictures', ''), str)
    return '' if is_folder else 'pictures names no folder'
  if verdict not in (result.SAME, result.DIFFERENT):
    return f'verdict is {verdict!r}'
  for name in ('threshold', 'seconds', 'width', 'height'):
    if not is_number(record.get(name)):
      return f'{name} is no number'
  for name in ('boxes', 'candidates'):
    boxes = record.get(name)
    if not isinstance(boxes, list) or not all(map(_is_box, boxes)):
      return f'{name} are no boxes'
  warnings = record.get('warnings', [])  # older results have none
  if not isinstance(warnings, list) or not all(
    isinstance(warning, str) for warning in warnings
  ):
    return 'warnings are no texts'
  if not isinstance(record.get('pictures'), str):
    return 'pictures names no folder'
  if not isinstance(record.get('registration'), dict):
    return 'registration is no object'
  if not _are_nodes(record.get('local_field', [])):
    return 'local_field are no nodes'
  if not _is_placed(record):
    return 'good_part is no number, or to_frame no matrix'
  return ''


def _is_placed(record: JsonObject) -> bool:
  """Whether a record says where a part lies, or nothing of it."""
  rows = record.get('to_frame')
  if rows is None:
    return record.get('good_part') is None
  return (
    isinstance(record.get('good_part'), int)
    and isinstance(rows, list)
    and len(rows) == 3
    and all(isinstance(row, list) and len(row) == 3 for row in rows)
    and all(is_number(value) for row in rows for value in row)
  )


def _are_nodes(nodes: object) -> bool:
  """Whether a value is a list of [x, y, dx, dy]."""
  return isinstance(nodes, list) and all(
    isinstance(node, list) and len(node) == 4 and all(map(is_number, node))
    for node in nodes
  )


def _is_box(box: object) -> bool:
  return (
    isinstance(box, dict)
    and isinstance(box.get('kind'), str)
    and all(is_number(box.get(name)) for name in _SIDES)
    and all(box.get(name) is None or is_number(box[name]) for name in _SIZES)
    and isinstance(box.get('sign', ''), str)
  )
