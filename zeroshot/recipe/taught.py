"""What a recipe has learned: good parts, their moves, and maps of variation.

taught = Taught(recipe, goods, moves, maps, ignored, history)
arrays = pack(taught)             # what ``variation.npz`` holds
moves, maps = unpack(arrays, place='plug.recipe/variation.npz')
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from zeroshot.detect import working_size
from zeroshot.recipe.recipe import Recipe
from zeroshot.registration.warp import LocalField, Warp
from zeroshot.types import HostArray, JsonObject

BAR = 'bar'  # of the maps: how far good parts are from each other
FACTOR = 'factor'  # likewise: by what good parts were shrunk for that
_MAPS = 'map_'  # before the name of each map


class Taught(NamedTuple):
  """A recipe with its pictures.

  Attributes:
    recipe: its settings.
    goods: the good parts as they came, uint8 or uint16 ``[H, W, 3]``, RGB; the
      first is the frame.
    moves: where the frame's pixels lie in each good part.
    maps: what was learned, in the frame, by name; see ``learning``.
    ignored: bool ``[H, W]`` of the frame, what is not inspected; None is
      nothing.
    history: who taught, accepted and changed what, and when; oldest first.
  """

  recipe: Recipe
  goods: tuple[HostArray, ...]
  moves: tuple[Warp, ...]
  maps: Mapping[str, HostArray]
  ignored: HostArray | None
  history: tuple[JsonObject, ...]


def limits_of(taught: Taught) -> HostArray | None:
  """How far from the good parts a difference is at least, place by place.

  Returns:
    Float32 ``[h, w]``, see ``appearance.distance``; None of one good part.
  """
  bar = taught.maps.get(BAR)
  if bar is None or taught.recipe.tolerance <= 0:
    return None
  return np.asarray(bar * np.float32(taught.recipe.tolerance))


def factor_of(taught: Taught) -> int:
  """By what the good parts and test pictures are shrunk, 1 or more.

  With several good parts as when they were taught, since what was learned of
  them holds at that resolution alone.

  Raises:
    ValueError: the least size needs more resolution than that.
  """
  recipe = taught.recipe
  wanted = working_size.factor_for(
    recipe.least_size.px, *(good.shape[:2] for good in taught.goods)
  )
  if BAR not in taught.maps:
    return wanted
  known = int(taught.maps.get(FACTOR, 1))
  if known > wanted:
    raise ValueError(
      f'recipe {recipe.name}: min_size is {recipe.min_size!r}, and it was '
      f'taught for differences of {working_size.least_px(known):g} px and '
      f'more, at 1/{known} of the resolution; teach it again with this min_size'
    )
  return known


def pack(taught: Taught) -> dict[str, HostArray]:
  """The moves and maps as arrays by name."""
  arrays = {
    'matrices': np.stack([move.matrix for move in taught.moves]),
    'shapes': np.array(
      [(*move.reference_shape, *move.test_shape) for move in taught.moves],
      np.int64,
    ),
  }
  for index, move in enumerate(taught.moves):
    if move.field is not None:
      arrays[f'field_{index}'] = move.field.nodes
  return arrays | {f'{_MAPS}{name}': m for name, m in taught.maps.items()}


def unpack(
  arrays: Mapping[str, HostArray], *, place: str
) -> tuple[tuple[Warp, ...], dict[str, HostArray]]:
  """The moves and maps of ``pack``.

  Args:
    arrays: by name.
    place: of the file, for messages.

  Raises:
    ValueError: something is missing or has another shape.
  """
  try:
    matrices, shapes = arrays['matrices'], arrays['shapes'].tolist()
    num = len(shapes)
    if matrices.shape != (num, 3, 3) or not np.isfinite(matrices).all():
      raise ValueError(f'matrices have shape {matrices.shape}')
    moves = tuple(
      Warp(
        matrices[index].astype(np.float64),
        (height, width),
        (frame_height, frame_width),
        _field(arrays.get(f'field_{index}'), frame_height, frame_width),
      )
      for index, (height, width, frame_height, frame_width) in enumerate(shapes)
    )
  except (KeyError, ValueError, TypeError) as error:
    raise ValueError(
      f'{place} is damaged ({error}); teach the recipe again'
    ) from error
  maps = {
    name.removeprefix(_MAPS): value
    for name, value in arrays.items()
    if name.startswith(_MAPS)
  }
  return moves, maps


def _field(
  nodes: HostArray | None, height: int, width: int
) -> LocalField | None:
  if nodes is None:
    return None
  if nodes.ndim != 3 or nodes.shape[2] != 2:
    raise ValueError(f'a field has shape {nodes.shape}')
  return LocalField(nodes.astype(np.float32), height, width)
