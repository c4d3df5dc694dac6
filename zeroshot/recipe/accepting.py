"""A part that was good joins the good parts of a recipe.

taught = accepting.accept('plug.recipe', 'part7.png', variant='red')
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from zeroshot.data import limits
from zeroshot.inspection import prepared
from zeroshot.recipe import history, network, regions, store, teaching
from zeroshot.recipe.taught import Taught
from zeroshot.runtime import locks

_TEST = 'test.png'  # of the folder of a result


def accept(
  path: str | os.PathLike[str],
  result: str | os.PathLike[str],
  *,
  variant: str = '',
  force: bool = False,
) -> Taught:
  """Adds a good part, learns anew and writes the recipe.

  Args:
    path: of the recipe.
    result: the picture that was inspected, or the folder of its results.
    variant: name of its variant; '' is none.
    force: whether it is accepted even if it does not fit the frame.

  Returns:
    The recipe as it is now.

  Raises:
    ValueError: one of them cannot be read, the part is a good part already, or
      does not fit the first good part.
    locks.HeldError: another process is changing the recipe.
  """
  place = Path(path)
  with locks.hold(place.with_name(f'.{place.name}.lock')):
    taught = store.read(place)
    settings = taught.recipe
    opened = network.open_network(
      settings.weights, threshold=settings.threshold, kinds=settings.kinds
    )
    frame = prepared.prepare(
      taught.goods[0], max_megapixels=limits.MAX_MEGAPIXELS
    )
    picture = _picture_of(Path(result))
    good = prepared.prepare(picture, max_megapixels=limits.MAX_MEGAPIXELS)
    stored = teaching.stored_pixels(good)
    for number, known in enumerate(taught.goods, 1):
      if np.array_equal(known, stored):
        raise ValueError(f'{picture} is good part {number} of {place} already')
    region = regions.of_recipe(taught).mask
    move, reason = teaching.register(good, frame, opened, region)
    if reason and not force:
      raise ValueError(f'{picture}: {reason}; --force accepts it all the same')
    event = history.event(
      'accepted', picture=str(picture.resolve()), variant=variant
    )
    more = taught._replace(
      recipe=dataclasses.replace(settings, variants=_variants(taught, variant)),
      goods=(*taught.goods, stored),
      moves=(*taught.moves, move),
      history=(*taught.history, event),
    )
    more = teaching.relearn(more, opened)
    store.write(place, more)
    return more


def _variants(taught: Taught, variant: str) -> tuple[str, ...]:
  """The variants of all good parts and one more."""
  known = taught.recipe.variants
  missing = ('',) * (len(taught.goods) - len(known))
  return (*known, *missing, variant)


def _picture_of(result: Path) -> Path:
  """The picture that a result is of.

  Raises:
    ValueError: a folder has none, or those of several parts.
  """
  if not result.is_dir():
    return result
  if (result / _TEST).is_file():
    return result / _TEST
  found = sorted(result.glob(f'pairs/*/{_TEST}'))
  if len(found) == 1:
    return found[0]
  if found:
    raise ValueError(
      f'{result} has the results of {len(found)} parts; name the folder of '
      f'one, such as {found[0].parent}'
    )
  raise ValueError(
    f'{result} is no folder of a result: there is no {_TEST}; name the picture'
  )
