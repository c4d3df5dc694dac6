"""``zeroshot inspect RECIPE TEST...``: parts of one product.

status = inspect_recipe.run(InspectOptions(reference='a.recipe'), ['b.png'])
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from zeroshot.commands import inspect_list
from zeroshot.commands.terminal import printable
from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import settings
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.differences import DIFFERENT
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result import Inspection
from zeroshot.recipe import pictures, store, summary
from zeroshot.recipe.detector import RecipeDetector
from zeroshot.types import JsonObject

_CANNOT = 2  # exit status
# What a recipe says itself.
_OF_RECIPE = (
  'manifest',
  'shard',
  'weights',
  'min_size',
  'mm_per_px',
  'kinds',
  'local_field',
  'roi',
  'ignore',
)


def run(options: InspectOptions, tests: Sequence[str]) -> int:
  """Inspects the pictures; returns the exit status.

  Args:
    options: of the command; ``reference`` is the recipe.
    tests: pictures, folders and patterns.

  Raises:
    ValueError: there is no picture, the recipe cannot be read, or an option
      is given that the recipe decides.
  """
  assert options.reference is not None
  for name in _OF_RECIPE:
    given = getattr(options, name)
    if given and given != getattr(InspectOptions(), name):
      raise ValueError(f'--{name} is not for a recipe, which says it itself')
  paths = pictures.expand(tests)
  if options.name is not None and len(paths) > 1:
    raise ValueError(f'--name is of one picture; there are {len(paths)}')
  detector = RecipeDetector.load(
    options.reference,
    runtime=options.runtime,
    precision=options.precision,
    max_megapixels=options.max_megapixels,
  )
  if options.out is not None:
    job = _job(options, Path(options.out), detector, paths)
    return inspect_list.report(job, is_json=options.json)
  statuses = [_print_one(options, detector, path) for path in paths]
  return max(statuses)


def _inspect(
  options: InspectOptions, detector: RecipeDetector, path: Path, name: str
) -> Inspection:
  inspection = detector.inspect(
    path, name=name, threshold=options.threshold, bits=options.bits
  )
  return inspection.sorted_by(options.sort)


def _print_one(
  options: InspectOptions, detector: RecipeDetector, path: Path
) -> int:
  """Inspects a picture and prints its outcome; returns the exit status."""
  name = options.name or path.stem
  try:
    outcome = _inspect(options, detector, path, name)
  except (CouldNotAlignError, ValueError, OSError) as error:
    told = str(error)
    if str(path) not in told:
      told = f'{path}: {told}'
    print(f'error: {printable(told)}', file=sys.stderr)
    return _CANNOT
  for warning in outcome.warnings:
    print(f'warning: {printable(f"{name}: {warning}")}', file=sys.stderr)
  if options.json:
    print(json.dumps(outcome.to_dict(), allow_nan=False), flush=True)
  else:
    places = ''.join(
      f'\n  {box.x1:.0f},{box.y1:.0f},{box.x2:.0f},{box.y2:.0f} '
      f'{box.confidence:.2f} {box.kind}'
      for box in outcome.boxes
    )
    count = len(outcome.boxes)
    print(
      f'{printable(name)}: {outcome.verdict}, {count} difference'
      f'{"s"[: count != 1]}{places}',
      flush=True,
    )
  return 1 if outcome.verdict == DIFFERENT else 0


def _job(
  options: InspectOptions,
  out: Path,
  detector: RecipeDetector,
  paths: Sequence[Path],
) -> inspect_list.Job:
  """The pictures as a list, so that a run that was stopped goes on."""
  assert options.reference is not None
  place = Path(options.reference)
  content = _content(place)
  stems = [path.stem for path in paths]
  pairs = [
    ListedPair(
      row,
      options.name or (path.stem if stems.count(path.stem) == 1 else str(path)),
      content,
      path,
      '',
    )
    for row, path in enumerate(paths, 1)
  ]
  described = _describe(options, detector, place, len(paths))
  return inspect_list.Job(
    out,
    pairs,
    lambda pair: _inspect(options, detector, pair.test_path, pair.name),
    described,
    lambda out: summary.write(out / summary.FOLDER, store.read(place)),
  )


def _describe(
  options: InspectOptions, detector: RecipeDetector, place: Path, rows: int
) -> JsonObject:
  """What ``run.json`` says of a run; see ``settings.describe_run``."""
  recipe = detector.recipe
  threshold = (
    recipe.threshold if options.threshold is None else options.threshold
  )
  request = dataclasses.replace(
    options,
    reference=None,
    test=None,
    weights=recipe.weights.name,
    min_size=recipe.min_size,
    mm_per_px=recipe.mm_per_px,
    kinds=recipe.kinds,
  )
  described = settings.describe_run(request, threshold=threshold, rows=rows)
  return described | {
    'recipe': str(place.resolve()),
    'recipe_sha256': settings.digest(_content(place)),
  }


def _content(place: Path) -> Path:
  """The file that changes with a recipe."""
  return place if place.is_file() else place / store.RECIPE
