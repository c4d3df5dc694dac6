"""Learns a recipe from good parts.

outcome = teaching.teach(['a.png', 'b.png'], request)
store.write('plug.recipe', outcome.taught)
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zeroshot.data import limits
from zeroshot.inspection import areas, inputs, prepared
from zeroshot.inspection.inputs import Picture
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.inspection.regions import validate_region
from zeroshot.recipe import aligning, history, learning, network, regions
from zeroshot.recipe import parts as good_parts
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe.network import OpenedNetwork
from zeroshot.recipe.recipe import InspectedRegion, Network, Recipe
from zeroshot.recipe.taught import BAR, FACTOR, Taught, factor_of
from zeroshot.registration import objections, warp
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray

# Of the calibrated threshold, which guards against false boxes where there is
# one good part alone.
_THRESHOLD_SHARE = 0.6


@dataclasses.dataclass(frozen=True, kw_only=True)
class TeachRequest:
  """What is asked for beside the good parts.

  Attributes:
    name: of the product.
    weights: see ``Detector.load``.
    threshold: least confidence of a box that counts; None takes the
      calibrated one of one good part, and 0.6 of it where several tell what
      good parts have.
    roi: regions of the first good part to inspect; none is all of it.
    ignore: regions of it that are not inspected.
    ignore_mask: picture of its size, not black where not to inspect.
    min_size: see ``Recipe``.
    mm_per_px: see ``Recipe``.
    kinds: see ``Recipe``.
    on_alignment_failure: see ``Recipe``.
    false_boxes: for each good part, at most, as far as so few parts can tell.
    force: whether parts that do not fit are taken too.
  """

  name: str
  weights: str = 'default'
  threshold: float | None = None
  roi: Sequence[Sequence[float]] = ()
  ignore: Sequence[Sequence[float]] = ()
  ignore_mask: Picture | None = None
  min_size: str | None = None
  mm_per_px: float | None = None
  kinds: str | None = None
  on_alignment_failure: str = 'refuse'
  false_boxes: float = 0.1
  force: bool = False


class LeftOut(NamedTuple):
  """A picture that is not among the good parts.

  Attributes:
    picture: its path, or ``'(array)'``.
    reason: why it is left out.
  """

  picture: str
  reason: str


class Outcome(NamedTuple):
  """What was taught.

  Attributes:
    taught: the recipe.
    left_out: the pictures that did not fit.
  """

  taught: Taught
  left_out: tuple[LeftOut, ...]


def teach(goods: Sequence[Picture], request: TeachRequest) -> Outcome:
  """Learns a recipe.

  Args:
    goods: pictures of good parts; the first is the frame.
    request: what is asked for beside them.

  Raises:
    ValueError: there is no picture, one cannot be read, or a setting is wrong.
  """
  if not goods:
    raise ValueError('give at least one picture of a good part')
  frame = _prepare(goods[0])
  weights = network.identify_for(request.weights, _pixels(frame))
  opened = network.open_network(
    weights, threshold=request.threshold, kinds=request.kinds
  )
  ignored = None
  if request.ignore_mask is not None:
    ignored = areas.load_ignore_mask(
      request.ignore_mask, max_megapixels=limits.MAX_MEGAPIXELS
    )
  taught = Taught(
    _settings(request, weights, opened.threshold),
    (stored_pixels(frame),),
    (warp.identity(_pixels(frame).shape[:2]),),
    {},
    ignored,
    (),
  )
  fitting, left_out = _register_all(
    goods[1:], frame, taught, opened, request.force
  )
  kept = [frame, *(good for good, _ in fitting)]
  recipe = dataclasses.replace(taught.recipe, variants=('',) * len(kept))
  if request.threshold is None and len(kept) > 1:
    lower = round(_THRESHOLD_SHARE * opened.threshold, 4)
    recipe = dataclasses.replace(recipe, threshold=lower)
  taught = taught._replace(
    recipe=recipe,
    goods=(*taught.goods, *(stored_pixels(good) for good, _ in fitting)),
    moves=(*taught.moves, *(move for _, move in fitting)),
  )
  parts = [inputs.describe(each.given) for each in kept]
  left = [each._asdict() for each in left_out]
  taught = relearn(taught, opened)
  event = history.event('taught', parts=parts, left_out=left)
  taught = taught._replace(history=(event,))
  return Outcome(taught, tuple(left_out))


def _settings(
  request: TeachRequest, weights: Network, threshold: float
) -> Recipe:
  """The settings that are asked for, checked."""
  settings = Recipe(
    name=request.name,
    created=history.now(),
    weights=weights,
    threshold=threshold,
    min_size=request.min_size,
    mm_per_px=request.mm_per_px,
    inspect=tuple(InspectedRegion(_region(each)) for each in request.roi),
    ignore=tuple(_region(each) for each in request.ignore),
    has_ignore_mask=request.ignore_mask is not None,
    kinds=request.kinds,
    on_alignment_failure=request.on_alignment_failure,
    false_boxes=request.false_boxes,
    variants=('',),
  )
  return recipes.from_json(recipes.to_json(settings), place='the request')


def _region(region: Sequence[float]) -> tuple[float, float, float, float]:
  x1, y1, x2, y2 = map(float, validate_region(region))
  return x1, y1, x2, y2


def relearn(taught: Taught, opened: OpenedNetwork) -> Taught:
  """Learns from all good parts of a recipe anew.

  Args:
    taught: with its good parts and their moves.
    opened: its network.
  """
  recipe = taught.recipe
  factor = factor_of(taught._replace(maps={}))
  parts = good_parts.parts_of(
    taught.goods,
    taught.moves,
    region=regions.of_recipe(taught).mask,
    max_megapixels=limits.MAX_MEGAPIXELS,
    factor=factor,
  )
  learned = learning.learn(
    opened,
    parts,
    learning.Settings(
      recipe.threshold,
      recipe.least_size.px,
      recipe.false_boxes,
      recipe.variants,
    ),
  )
  return taught._replace(
    recipe=dataclasses.replace(
      recipe,
      tolerance=learned.tolerance,
      verdict=learned.verdict,
      certainty=learned.certainty,
    ),
    maps={}
    if learned.bar is None
    else {BAR: learned.bar, FACTOR: np.array(factor)},
  )


def _register_all(
  goods: Sequence[Picture],
  frame: PreparedReference,
  taught: Taught,
  opened: OpenedNetwork,
  force: bool,
) -> tuple[list[tuple[PreparedReference, Warp]], list[LeftOut]]:
  """The good parts that fit, where the frame lies in each, and the others."""
  region = regions.of_recipe(taught).mask
  kept, left_out = [], []
  for picture in goods:
    good = _prepare(picture)
    move, reason = register(good, frame, opened, region)
    if reason and not force:
      left_out.append(LeftOut(inputs.describe(picture), reason))
    else:
      kept.append((good, move))
  return kept, left_out


def register(
  good: PreparedReference,
  frame: PreparedReference,
  opened: OpenedNetwork,
  region: HostArray | None,
) -> tuple[Warp, str]:
  """Where the frame's pixels lie in a good part, and why it does not fit.

  Args:
    good: the part.
    frame: the first good part.
    opened: the network, for its settings of registration.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.

  Returns:
    The move, and '' where it can be trusted.
  """
  move = aligning.into(good, frame, region, opened.options)
  if move.mirrored:
    return move.warp, 'it is the mirror image of the first good part'
  if move.probability < objections.MIN_PROBABILITY:
    return move.warp, (
      'it does not show the same part as the first good part, or lies too far '
      f'from it (its alignment is right with probability '
      f'{move.probability:.2f},'
      f' {objections.MIN_PROBABILITY} is needed)'
    )
  return move.warp, ''


def _prepare(picture: Picture) -> PreparedReference:
  return prepared.prepare(picture, max_megapixels=limits.MAX_MEGAPIXELS)


def _pixels(good: PreparedReference) -> HostArray:
  return good.loaded.stored.pixels


def stored_pixels(good: PreparedReference) -> HostArray:
  """Its pixels as a PNG can hold them: uint8 or uint16."""
  pixels = _pixels(good)
  if pixels.dtype in (np.uint8, np.uint16):
    return pixels
  return np.rint(np.clip(pixels, 0, 1) * 65535).astype(np.uint16)


def name_of(out: str | os.PathLike[str]) -> str:
  """A product's name, by the name of its recipe."""
  path = Path(out)
  return path.name.removesuffix('.zip').removesuffix('.recipe') or path.name
