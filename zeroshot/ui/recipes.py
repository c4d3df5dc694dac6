"""Recipes in the browser: taught, opened and tried.

  opened, file = recipes.teach(['a.png', 'b.png'], asked, folder)
  opened = recipes.open_uploaded('part.recipe.zip', weights='default')

Names of uploads are shown and stored without the folder that they lie in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from zeroshot.inspection.regions import validate_region
from zeroshot.recipe import network, store, summary, teaching, variation
from zeroshot.recipe.detector import RecipeDetector
from zeroshot.recipe.taught import Taught
from zeroshot.recipe.teaching import LeftOut
from zeroshot.types import HostArray
from zeroshot.weights import files

_MOST_LETTERS = 60  # of the name of a file


class Asked(NamedTuple):
  """What the fields of the page ask for.

  Attributes:
    name: of the product; '' is ``part``.
    weights: see ``Detector.load``.
    roi: regions of the first picture to inspect, ``x1,y1,x2,y2`` each, one a
      line or with ``;`` between them; '' is all of it.
    ignore: likewise, regions that are not inspected.
    min_size: ``'24px'`` or ``'0.3mm'``; '' reports all.
    mm_per_px: side of a pixel on the part; None or 0 where it is not known.
  """

  name: str
  weights: str
  roi: str = ''
  ignore: str = ''
  min_size: str = ''
  mm_per_px: float | None = None


class Opened(NamedTuple):
  """A recipe that parts can be tried with.

  Attributes:
    detector: inspects them.
    goods: small pictures of the good parts, uint8 ``[h, w, 3]``, and their
      captions.
    variation: the frame with the variation map over it, uint8 ``[H, W, 3]``;
      None of one good part.
    left_out: pictures that did not fit.
  """

  detector: RecipeDetector
  goods: tuple[tuple[HostArray, str], ...]
  variation: HostArray | None
  left_out: tuple[LeftOut, ...] = ()

  def words(self) -> str:
    """What the recipe says of itself, as Markdown."""
    recipe = self.detector.recipe
    lines = [f'## {plain(recipe.name)}: {plain(recipe.verdict)}']
    lines.append(plain(recipe.certainty))
    if self.left_out:
      lines.append('**Left out:**')
      lines.append(
        '\n'.join(
          f'- {plain(each.picture)}: {plain(each.reason)}'
          for each in self.left_out
        )
      )
    return '\n\n'.join(lines)


def teach(
  pictures: Sequence[str], asked: Asked, folder: Path
) -> tuple[Opened, Path]:
  """Teaches a recipe from uploads.

  Args:
    pictures: files of good parts; the first is the frame.
    asked: what is asked for.
    folder: to write the recipe to.

  Returns:
    The recipe, and the ``.zip`` of it.

  Raises:
    ValueError: there is no picture, one cannot be read, or a field is wrong.
  """
  request = teaching.TeachRequest(
    name=asked.name.strip() or 'part',
    weights=asked.weights,
    roi=parse_regions(asked.roi),
    ignore=parse_regions(asked.ignore),
    min_size=asked.min_size.strip() or None,
    mm_per_px=asked.mm_per_px or None,
  )
  outcome = teaching.teach([Path(each) for each in pictures], request)
  left_out = tuple(
    each._replace(picture=Path(each.picture).name) for each in outcome.left_out
  )
  taught = _without_folders(outcome.taught)
  file = folder / f'{_file_name(request.name)}.recipe.zip'
  store.write(file, taught)
  return _open(taught)._replace(left_out=left_out), file


def open_uploaded(path: str, *, weights: str) -> Opened:
  """Opens a recipe that was uploaded.

  Args:
    path: of the ``.zip``.
    weights: that the page was started with. Others than these and those that
      ship are refused: a recipe of a stranger must not name files here.

  Raises:
    ValueError: it is no recipe, is damaged, or has other weights.
  """
  if not store.is_recipe(path):
    raise ValueError(f'{path} is no recipe; give the .zip of one')
  name = store.load(path).weights.name
  if name not in (*files.list_shipped(), weights):
    raise ValueError(
      f'the recipe was taught with the weights {name!r}; start the page with '
      f'--weights={name} if you trust it'
    )
  return _open(store.read(path))


def parse_regions(text: str) -> list[tuple[float, ...]]:
  """The regions of a text.

  Args:
    text: see ``Asked``.

  Raises:
    ValueError: one is none; it is named.
  """
  regions = []
  for part in filter(None, map(str.strip, re.split(r'[;\n]', text))):
    try:
      regions.append(
        tuple(validate_region([float(side) for side in part.split(',')]))
      )
    except ValueError as error:
      raise ValueError(
        f'region {part!r}: give x1,y1,x2,y2, in pixels ({error})'
      ) from error
  return regions


def plain(text: str) -> str:
  """Text that Markdown and HTML take for nothing else."""
  return re.sub(r'([\\`*_{}\[\]<>#|&~!])', r'\\\1', ' '.join(text.split()))


def _open(taught: Taught) -> Opened:
  """A recipe as the page needs it."""
  settings = taught.recipe
  opened = network.open_network(
    settings.weights, threshold=settings.threshold, kinds=settings.kinds
  )
  detector = RecipeDetector(taught, opened)
  variants = (*settings.variants, *[''] * len(taught.goods))
  captions = (
    f'{number} {variant}'.strip() for number, variant in enumerate(variants, 1)
  )
  goods = tuple(
    (summary.small(good), caption)
    for good, caption in zip(taught.goods, captions, strict=False)
  )
  drawn = variation.over_frame(taught) if taught.maps else None
  return Opened(detector, goods, drawn)


def _without_folders(taught: Taught) -> Taught:
  """The recipe without the places of uploads in its history."""
  (event,) = taught.history
  parts = [Path(part).name for part in event['parts']]
  left_out = [
    {**each, 'picture': Path(each['picture']).name}
    for each in event['left_out']
  ]
  return taught._replace(
    history=({**event, 'parts': parts, 'left_out': left_out},),
  )


def _file_name(name: str) -> str:
  """A product's name as that of a file."""
  letters = re.sub(r'[^A-Za-z0-9_-]+', '-', name).strip('-')
  return letters[:_MOST_LETTERS] or 'part'
