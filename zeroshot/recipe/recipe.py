"""All about one product that is not a picture: ``recipe.json`` as a value.

  recipe = Recipe(name='plug', created='2026-01-01T00:00:00+00:00', ...)
  from_json(to_json(recipe), place='plug.recipe/recipe.json')

A recipe of an older schema is brought up to date when it is read; one of a
newer schema is refused.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from zeroshot.inspection import least_size
from zeroshot.inspection.regions import validate_region
from zeroshot.types import JsonObject

SCHEMA = 1
SUFFIX = '.recipe'
REFUSE, DIFFERENT = 'refuse', 'different'  # where alignment fails
ALIGNMENT_FAILURES = (REFUSE, DIFFERENT)


class Network(NamedTuple):
  """The weights that a recipe was taught with.

  Attributes:
    name: of shipped weights, or the path of a file.
    sha256: of the file, in hexadecimal.
  """

  name: str
  sha256: str


class InspectedRegion(NamedTuple):
  """A region of the frame that is inspected.

  Attributes:
    region: x1, y1, x2, y2, pixels of the first good part.
    sensitivity: 1 takes confidences as they are; more raises, less lowers
      those of the boxes in the region: c becomes ``1 - (1 - c)**sensitivity``.
  """

  region: tuple[float, float, float, float]
  sensitivity: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
  """What is known of one product; its pictures are in ``taught.Taught``.

  Attributes:
    name: of the product.
    created: when it was taught first, ISO 8601.
    weights: that it was taught with.
    threshold: least confidence of a box that counts.
    min_size: least size that is reported, ``'24px'`` or ``'0.3mm'``; None
      reports all.
    mm_per_px: of the first good part's picture; None where it is not known.
    inspect: regions that are inspected; none is the whole picture.
    ignore: regions that are not, x1, y1, x2, y2.
    has_ignore_mask: whether ``ignore.png`` marks more that is not inspected.
    kinds: what names differences, see ``Detector.load``.
    on_alignment_failure: ``'refuse'`` raises, ``'different'`` makes it a
      verdict.
    false_boxes: for each good part, that were asked for.
    tolerance: so many times what good parts differ by at a place is a
      difference; 0 where one good part tells nothing of that.
    variants: name of the variant of each good part, '' where it has none.
    verdict: what the good parts say of the recipe itself, in words.
    certainty: of the false boxes, in words.
  """

  name: str
  created: str
  weights: Network
  threshold: float
  min_size: str | None = None
  mm_per_px: float | None = None
  inspect: tuple[InspectedRegion, ...] = ()
  ignore: tuple[tuple[float, float, float, float], ...] = ()
  has_ignore_mask: bool = False
  kinds: str | None = None
  on_alignment_failure: str = REFUSE
  false_boxes: float = 0.1
  tolerance: float = 0.0
  variants: tuple[str, ...] = ()
  verdict: str = ''
  certainty: str = ''

  @property
  def least_size(self) -> least_size.LeastSize:
    """The least size with the scale."""
    return least_size.of(self.min_size, self.mm_per_px)


def to_json(recipe: Recipe) -> JsonObject:
  """The recipe as ``recipe.json`` has it."""
  fields = dataclasses.asdict(recipe)
  fields['weights'] = recipe.weights._asdict()
  fields['inspect'] = [
    {'region': list(each.region), 'sensitivity': each.sensitivity}
    for each in recipe.inspect
  ]
  fields['ignore'] = [list(region) for region in recipe.ignore]
  fields['variants'] = list(recipe.variants)
  return {'schema': SCHEMA, **fields}


def from_json(content: object, *, place: str) -> Recipe:
  """The recipe of a ``recipe.json``.

  Args:
    content: the parsed file.
    place: path of the file, for messages.

  Raises:
    ValueError: a field is missing, unknown or wrong; it is named.
  """
  if not isinstance(content, Mapping):
    raise ValueError(f'{place} is no JSON object; teach the recipe again')
  fields: dict[str, Any] = dict(content)
  schema = fields.pop('schema', None)
  if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
    raise ValueError(f'{place}: schema is {schema!r}; give a number up to 1')
  if schema > SCHEMA:
    raise ValueError(
      f'{place}: schema {schema} is of a newer version of zeroshot, which '
      f'reads up to {SCHEMA} here; update zeroshot'
    )
  if schema < 1:
    fields = _from_schema_0(fields)
  known = {field.name for field in dataclasses.fields(Recipe)}
  unknown = sorted(set(fields) - known)
  if unknown:
    raise ValueError(f'{place}: unknown field {unknown[0]!r}; remove it')
  try:
    recipe = Recipe(**{**fields, **_typed(fields)})
    _check(recipe)
  except (KeyError, TypeError) as error:
    raise ValueError(f'{place}: {_missing(error)}') from error
  except ValueError as error:
    raise ValueError(f'{place}: {error}') from error
  return recipe


def _from_schema_0(fields: Mapping[str, Any]) -> dict[str, Any]:
  """Schema 0 had regions without a sensitivity, under ``roi``."""
  new = dict(fields)
  new['inspect'] = [{'region': region} for region in new.pop('roi', [])]
  return new


def _missing(error: KeyError | TypeError) -> str:
  """What a field that lacks, or is of another type, is told as."""
  if isinstance(error, KeyError):
    return f'{error} is missing; add it'
  return f'{error}'.replace('Recipe.__init__()', 'recipe')


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
  """The fields that are more than JSON's own values."""
  weights = fields['weights']
  if not isinstance(weights, Mapping):
    raise ValueError('weights: give an object with name and sha256')
  return {
    'weights': Network(str(weights['name']), str(weights['sha256'])),
    'inspect': tuple(
      InspectedRegion(_region(each['region']), each.get('sensitivity', 1.0))
      for each in _list(fields, 'inspect')
    ),
    'ignore': tuple(_region(each) for each in _list(fields, 'ignore')),
    'variants': tuple(str(each) for each in _list(fields, 'variants')),
  }


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
  value = fields.get(name, [])
  if not isinstance(value, list):
    raise ValueError(f'{name} is {value!r}; give a list')
  return value


def _region(value: Any) -> tuple[float, float, float, float]:
  if not isinstance(value, list) or not all(map(_is_number, value)):
    raise ValueError(f'region {value!r}: give four numbers, x1, y1, x2, y2')
  x1, y1, x2, y2 = validate_region(value)
  return x1, y1, x2, y2


def _is_number(value: object) -> bool:
  is_number = isinstance(value, int | float) and not isinstance(value, bool)
  return is_number and math.isfinite(value)  # type: ignore[arg-type]


def _check(recipe: Recipe) -> None:
  """Raises ValueError where a field is out of its range."""
  for name in ('name', 'created', 'verdict', 'certainty'):
    if not isinstance(getattr(recipe, name), str):
      raise ValueError(f'{name} is {getattr(recipe, name)!r}; give a text')
  if not _is_number(recipe.threshold) or not 0 <= recipe.threshold <= 1:
    raise ValueError(f'threshold is {recipe.threshold!r}; give one in [0, 1]')
  for name in ('false_boxes', 'tolerance'):
    value = getattr(recipe, name)
    if not _is_number(value) or value < 0:
      raise ValueError(f'{name} is {value!r}; give 0 or more')
  if recipe.kinds not in (None, 'none', 'topology'):
    raise ValueError(
      f"kinds is {recipe.kinds!r}; give null, 'none' or 'topology'"
    )
  if recipe.on_alignment_failure not in ALIGNMENT_FAILURES:
    raise ValueError(
      f'on_alignment_failure is {recipe.on_alignment_failure!r}; give one of '
      f'{ALIGNMENT_FAILURES}'
    )
  if not isinstance(recipe.min_size, str | None):
    raise ValueError(
      f"min_size is {recipe.min_size!r}; give null, '24px' or '0.3mm'"
    )
  if recipe.mm_per_px is not None and not _is_number(recipe.mm_per_px):
    raise ValueError(f'mm_per_px is {recipe.mm_per_px!r}; give more than 0')
  least_size.of(recipe.min_size, recipe.mm_per_px)
  for each in recipe.inspect:
    if not _is_number(each.sensitivity) or each.sensitivity <= 0:
      raise ValueError(f'sensitivity is {each.sensitivity!r}; give more than 0')
