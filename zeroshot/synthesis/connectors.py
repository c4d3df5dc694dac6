"""A connector on a board, and things that should not lie on it.

  scene = connectors.draw(key, size=416)
  littered = connectors.draw_littered(key, size=416)

A shroud with rows of gilded pins, two screws, solder joints and lettering, see
``connector_parts``. Both scenes of one key are equal but for a missing pin, a
wire, a fibre, a flake of plastic and a ball of solder.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zeroshot.synthesis import connector_parts, fields, parts, shapes
from zeroshot.synthesis.parts import Scene
from zeroshot.types import Array

LEAST_SIZE_PX = 400  # the connector with what is around it
_PLAY_PX = 0.5  # largest shift of a pin from its place
_MISSING = 14  # number of the pin, row by row
_POWER = 18.0  # of all highlights
_MASK = (0.07, 0.27, 0.15)  # green, of solder
_FLAKE = (0.80, 0.22, 0.16)


def draw(key: Array, *, size: int) -> Scene:
  """The good connector.

  Args:
    key: key.
    size: side of the scene, at least ``LEAST_SIZE_PX``; it lies in the middle.

  Returns:
    The scene, float32.

  Raises:
    ValueError: the size is too small.
  """
  return _draw(key, size=size, is_littered=False)


def draw_littered(key: Array, *, size: int) -> Scene:
  """The same connector with foreign objects on it and a pin less.

  Args:
    key: key, that of ``draw``.
    size: likewise.

  Returns:
    The scene, float32.

  Raises:
    ValueError: the size is too small.
  """
  return _draw(key, size=size, is_littered=True)


def _draw(key: Array, *, size: int, is_littered: bool) -> Scene:
  if size < LEAST_SIZE_PX:
    raise ValueError(
      f'size={size} is too small for the connector, which takes '
      f'{LEAST_SIZE_PX} px: give that or more'
    )
  board_key, grain_key, pin_key = jax.random.split(key, 3)
  middle = (size - 1) / 2
  pins = connector_parts.pins()
  if is_littered:
    pins[_MISSING]['is_there'] = 0.0
  rows = [*pins, *connector_parts.litter()] if is_littered else pins
  below = connector_parts.case()
  table = connector_parts.table([*below, *rows])
  play = jax.random.uniform(
    pin_key, (len(pins), 2), minval=-_PLAY_PX, maxval=_PLAY_PX
  )
  moved = slice(len(below), len(below) + len(pins))
  centre = middle + table.centre.at[moved].add(play)
  scene = parts.place(
    table._replace(centre=centre),
    _board(board_key, size=size),
    ground=jnp.zeros(()),
  )
  if is_littered:
    scene = _flake(scene, middle)
  grain = 0.035 * jax.random.normal(grain_key, (size, size, 1))
  return scene._replace(albedo=jnp.clip(scene.albedo * (1 + grain), 0.0, 1.0))


def _board(key: Array, *, size: int) -> Scene:
  """The bare board: solder mask of an uneven thickness, with a slight gloss."""
  cloud = fields.fractal_noise(key, size=size, slope=1.2)
  return Scene(
    jnp.asarray(_MASK) * (1 + 0.05 * cloud[..., None]),
    jnp.zeros((size, size)),
    jnp.full((size, size), 0.05),
    jnp.float32(_POWER),
  )


def _flake(scene: Scene, middle: float) -> Scene:
  """A flake of plastic that lies over two pins."""
  y, x = fields.grid(scene.height.shape[0])
  distance = shapes.convex_polygon(
    jax.random.key(3),
    y,
    x,
    centre=jnp.array([middle + 12.0, middle + 66.0]),
    radius=jnp.float32(19.0),
    sides=6,
  )
  cover = shapes.coverage(distance)
  top = 12.0 + 0.1 * (x - middle - 66.0)
  return Scene(
    scene.albedo + cover[..., None] * (jnp.asarray(_FLAKE) - scene.albedo),
    scene.height + cover * (top - scene.height),
    scene.gloss + cover * (0.3 - scene.gloss),
    scene.power,
  )
