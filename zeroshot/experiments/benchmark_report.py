"""The records of a benchmark as JSON and as Markdown.

benchmark_report.write(Path('results'), records, notes=['no real pairs'])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zeroshot.report.markdown_table import markdown_table
from zeroshot.runtime import atomic_files, provenance
from zeroshot.types import JsonObject

_HEAD = (
  'method',
  'FROC area',
  'recall at 0.1',
  '1',
  '3 false boxes',
  'found',
  'false boxes a pair',
  'told same',
  'refused',
  'pixel AUROC',
  'AP',
)
_GROUP_HEAD = ('method', 'kind', 'pairs', *_HEAD[5:9])
_DASH = '-'


def write(
  out: Path, records: Sequence[JsonObject], *, notes: Sequence[str] = ()
) -> None:
  """Writes ``benchmark.json`` and ``benchmark.md``.

  Args:
    out: folder; made where it is missing.
    records: of ``benchmark.run``.
    notes: sentences on what was not measured.
  """
  content = {
    **provenance.commit(),
    'hardware': provenance.hardware(),
    'notes': list(notes),
    'records': list(records),
  }
  atomic_files.write_json(out / 'benchmark.json', content)
  atomic_files.write_text(out / 'benchmark.md', to_markdown(records, notes))


def to_markdown(
  records: Sequence[JsonObject], notes: Sequence[str] = ()
) -> str:
  """A table for each set, and the pairs of several groups by group.

  Args:
    records: of ``benchmark.run``.
    notes: lines at the end.

  Returns:
    Markdown that ends with a line break.
  """
  parts = []
  for name in dict.fromkeys(record['set'] for record in records):
    own = [record for record in records if record['set'] == name]
    parts.append(f'### {name}\n\n{_describe(own[0])}\n\n{_table(own)}\n')
    if len(own[0]['by_group']) > 1 and own[0]['froc']['num_good']:
      parts.append(_group_table(own) + '\n')
  parts += [f'{note}\n' for note in notes]
  return '\n'.join(parts)


def _describe(record: JsonObject) -> str:
  """What a set is, in a sentence or two."""
  counts = record['froc']
  return (
    f'{record["about"]} {counts["num_pictures"]} pairs, of which '
    f'{counts["num_good"]} are good; {counts["num_truths"]} differences.'
  )


def _table(records: Sequence[JsonObject]) -> str:
  """One row for each method."""
  is_board = any('official_ap' in record for record in records)
  head = (*_HEAD, 'official AP') if is_board else _HEAD
  rows = []
  for record in records:
    measured = record['froc']
    recall = measured['recall_at'] or {}
    row = [
      f'`{record["method"]}`',
      _share(measured['area']),
      *(_share(recall.get(rate)) for rate in ('0.1', '1', '3')),
      *_at_threshold(measured),
      _share(record.get('pixel_auroc')),
      _share(record.get('pixel_ap')),
    ]
    if is_board:
      row.append(_share(record.get('official_ap'), digits=4))
    rows.append(row)
  return markdown_table(head, rows, num_left=1)


def _group_table(records: Sequence[JsonObject]) -> str:
  """One row for each method and group of pairs."""
  rows = [
    [f'`{record["method"]}`', group, str(own['num_pictures'])]
    + _at_threshold(own)
    for record in records
    for group, own in record['by_group'].items()
  ]
  return markdown_table(_GROUP_HEAD, rows, num_left=2)


def _at_threshold(measured: JsonObject) -> list[str]:
  """Recall, false boxes a pair, told same and refused."""
  return [
    _share(measured['recall']),
    f'{measured["false_boxes"]:.2f}',
    _share(measured['told_same']),
    str(measured['refused']),
  ]


def _share(value: float | None, *, digits: int = 3) -> str:
  return _DASH if value is None else f'{value:.{digits}f}'
