"""The page of an inspect folder: every pair with its pictures and boxes.

notes = inspected.write(Path('results'), Path('report.html'), max_pictures=200)
"""

from __future__ import annotations

import html
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

from zeroshot.inspection.result import DIFFERENT, Box
from zeroshot.inspection.result_records import ERROR
from zeroshot.page import document, embedding, results
from zeroshot.types import JsonObject

PICTURES = ('reference', 'test')


def write(folder: Path, out: Path, *, max_pictures: int) -> tuple[str, ...]:
  """Writes the page.

  Args:
    folder: that ``zeroshot inspect --out`` wrote.
    out: the HTML file.
    max_pictures: pairs to show with their pictures, at most; those that differ
      come first, the most confident first.

  Returns:
    Notes for the reader, a sentence each, which the page also shows.

  Raises:
    ValueError: see ``results.read``.
  """
  run = results.read(folder)
  inspected = [row for row in run.rows if row['verdict'] != ERROR]
  chosen = sorted(inspected, key=_urgency)[:max_pictures]
  shown: set[int] = set()
  faults: dict[int, str] = {}
  notes = [*run.notes, *_note_left_out(len(inspected), len(chosen))]

  def data() -> JsonObject:
    if faults:
      notes.append(f'The pictures of {len(faults)} pairs are missing.')
    rows = [_plain(row, shown, faults) for row in run.rows]
    return {'settings': run.settings, 'notes': notes, 'rows': rows}

  name = folder.resolve().name
  document.write(
    out,
    title=f'{name} – zeroshot inspection',
    body=string.Template(document.asset('inspect.html')).substitute(
      name=html.escape(name)
    ),
    scripts=('marks.js', 'viewer.js', 'page.js', 'keys.js'),
    data=data,
    pictures=_embed(folder, chosen, shown, faults),
  )
  return tuple(notes)


def _note_left_out(total: int, chosen: int) -> list[str]:
  if chosen == total:
    return []
  return [
    f'{total - chosen} of {total} pairs are shown without their pictures; give '
    '--max_pictures for more.'
  ]


def _embed(
  folder: Path,
  rows: Sequence[JsonObject],
  shown: set[int],
  faults: dict[int, str],
) -> Iterator[tuple[str, str]]:
  """Yields the pictures of rows; records which rows have theirs.

  Args:
    folder: of the results.
    rows: to show with their pictures.
    shown: gets the rows whose pictures are all yielded.
    faults: gets the error of every other row.

  Yields:
    Identifier of an element, ``picture-ROW-reference``, and its data URI.
  """
  for row in rows:
    try:
      place = (folder / row['pictures']).resolve()
      if not place.is_relative_to(folder.resolve()):
        raise ValueError(f'{place}: the folder lies outside the results')
      size = (row['width'], row['height'])
      uris = [
        embedding.embed(place / f'{name}.png', size=size) for name in PICTURES
      ]
    except ValueError as error:
      faults[row['row']] = str(error)
      continue
    shown.add(row['row'])
    for name, uri in zip(PICTURES, uris, strict=True):
      yield f'picture-{row["row"]}-{name}', uri


def _urgency(row: JsonObject) -> tuple[bool, float]:
  """Sorts pairs that differ first, and the most confident first."""
  top = max((box['confidence'] for box in row['candidates']), default=0)
  return row['verdict'] != DIFFERENT, -top


def _plain(
  row: JsonObject, shown: set[int], faults: dict[int, str]
) -> JsonObject:
  """A row as the script reads it: boxes as lists, and why pictures lack."""
  if row['verdict'] == ERROR:
    return {name: row[name] for name in ('row', 'name', 'verdict', 'error')}
  kept = ('row', 'name', 'verdict', 'seconds', 'threshold', 'registration')
  return {
    **{name: row[name] for name in kept},
    'size': [row['width'], row['height']],
    'boxes': _lists(row['boxes']),
    'candidates': _lists(row['candidates']),
    'shown': row['row'] in shown,
    'fault': faults.get(row['row']),
  }


def _lists(boxes: Sequence[JsonObject]) -> list[list[object]]:
  return [[box[name] for name in Box._fields] for box in boxes]
