"""The page of an inspect folder: every pair with its pictures and boxes.

notes = inspected.write(Path('results'), Path('report.html'), max_pictures=200)
"""

from __future__ import annotations

import html
import itertools
import shlex
import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from zeroshot.inspection import folder as folders
from zeroshot.inspection.result import DIFFERENT, Box
from zeroshot.inspection.result_records import ERROR
from zeroshot.page import coverage, document, embedding, results, taught
from zeroshot.types import JsonObject

PICTURES = ('reference', 'test')
_SCRIPTS = (
  'marks.js',
  'aligned.js',
  'viewer.js',
  'page.js',
  'found.js',
  'overview.js',
  'taught.js',
  'keys.js',
)
_ALIGNMENT = ('alignment',)  # of a pair that could not be aligned


class _Shown(NamedTuple):
  """What is known of the pictures of rows, by row.

  Attributes:
    areas: of rows whose pictures are shown: see ``coverage.uncompared``.
    faults: of rows whose pictures are missing: why.
  """

  areas: dict[int, list[list[list[float]]]]
  faults: dict[int, str]


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
  pictured = [row for row in run.rows if 'pictures' in row]
  chosen = sorted(pictured, key=_urgency)[:max_pictures]
  shown = _Shown({}, {})
  recipe, recipe_notes = taught.read(folder)
  notes = [
    *run.notes,
    *recipe_notes,
    *_note_left_out(len(pictured), len(chosen)),
  ]

  def data() -> JsonObject:
    if shown.faults:
      notes.append(f'The pictures of {len(shown.faults)} pairs are missing.')
    rows = [
      _plain(row, shown) | _of_recipe(row, folder, run.settings, recipe)
      for row in run.rows
    ]
    return {
      'settings': run.settings,
      'notes': notes,
      'rows': rows,
      'recipe': None if recipe is None else recipe.data,
    }

  name = folder.resolve().name
  document.write(
    out,
    title=f'{name} – zeroshot inspection',
    body=string.Template(document.asset('inspect.html')).substitute(
      name=html.escape(name)
    ),
    scripts=_SCRIPTS,
    data=data,
    pictures=itertools.chain(
      () if recipe is None else recipe.pictures, _embed(folder, chosen, shown)
    ),
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
  folder: Path, rows: Sequence[JsonObject], shown: _Shown
) -> Iterator[tuple[str, str]]:
  """Yields the pictures of rows; records which rows have theirs.

  Args:
    folder: of the results.
    rows: to show with their pictures.
    shown: gets the rows whose pictures are all yielded, and the error of every
      other row.

  Yields:
    Identifier of an element, ``picture-ROW-reference``, and its data URI.
  """
  for row in rows:
    names = _ALIGNMENT if row['verdict'] == ERROR else PICTURES
    try:
      place = (folder / row['pictures']).resolve()
      if not place.is_relative_to(folder.resolve()):
        raise ValueError(f'{place}: the folder lies outside the results')
      size = None if names is _ALIGNMENT else (row['width'], row['height'])
      uris = [
        embedding.embed(place / f'{name}.png', size=size) for name in names
      ]
      areas = size and coverage.uncompared(place / folders.VALID, size=size)
    except ValueError as error:
      shown.faults[row['row']] = str(error)
      continue
    shown.areas[row['row']] = areas or []
    for name, uri in zip(names, uris, strict=True):
      yield f'picture-{row["row"]}-{name}', uri


def _urgency(row: JsonObject) -> tuple[int, float]:
  """Sorts pairs that differ first, then those that could not be aligned."""
  rank = {DIFFERENT: 0, ERROR: 1}.get(row['verdict'], 2)
  candidates = row.get('candidates', [])
  return rank, -max((box['confidence'] for box in candidates), default=0)


def _plain(row: JsonObject, shown: _Shown) -> JsonObject:
  """A row as the script reads it: boxes as lists, and why pictures lack."""
  number = row['row']
  pictured = {
    'shown': number in shown.areas,
    'fault': shown.faults.get(number),
  }
  if row['verdict'] == ERROR:
    told = ('row', 'name', 'verdict', 'error')
    return {name: row[name] for name in told} | pictured
  kept = ('row', 'name', 'verdict', 'seconds', 'threshold', 'registration')
  return {
    **{name: row[name] for name in kept},
    'size': [row['width'], row['height']],
    'boxes': _lists(row['boxes']),
    'candidates': _lists(row['candidates']),
    **pictured,
    'uncompared': shown.areas.get(number, []),
    'field': row.get('local_field', []),
    'warnings': row.get('warnings', []),
  }


def _of_recipe(
  row: JsonObject,
  folder: Path,
  settings: JsonObject,
  recipe: taught.Shown | None,
) -> JsonObject:
  """What a row has beside: of the recipe that judged it, if any did."""
  return {
    'accept': _acceptance(row, folder, settings),
    'good': row.get('good_part'),
    'variation': None if recipe is None else recipe.place(row),
  }


def _acceptance(
  row: JsonObject, folder: Path, settings: JsonObject
) -> str | None:
  """The command that adds a part to the recipe that judged it, if any did."""
  recipe = settings.get('recipe')
  if recipe is None or row['verdict'] != DIFFERENT or 'pictures' not in row:
    return None
  result = folder.resolve() / row['pictures']
  return shlex.join(['zeroshot', 'accept', str(recipe), str(result)])


def _lists(boxes: Sequence[JsonObject]) -> list[list[object]]:
  # Older results have no sizes.
  return [[box.get(name) for name in Box._fields] for box in boxes]
