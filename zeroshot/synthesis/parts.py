"""Things that stand on a scene or are sunk into it, as a table of numbers.

  table = parts.draw(key, size=144, ...)
  altered = parts.alter(change_key, table)
  scene = parts.place(table, scene)

Chips, pins, pads of solder, screw heads and holes are boxes with round corners:
flat, domed or deep. A defect is another row of the table: one that is missing,
moved, turned, or of another size or colour.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from zeroshot.synthesis import backgrounds, fields, shapes
from zeroshot.types import Array

NUM_PARTS = 12
LEAST_MOVE_PX = 4.5  # of a whole part; less may be play
MOVED = 1  # the number of this change, see ``alter``
_NUM_CHANGES = 5
_MOST_MOVE_PX = 14.0


class Scene(NamedTuple):
  """A surface, before it is lit.

  Attributes:
    albedo: ``[S, S, 3]`` in [0, 1].
    height: ``[S, S]``, pixels towards the camera.
    gloss: ``[S, S]``, brightness of a highlight at its centre.
    power: scalar, exponent of the highlights: how narrow they are.
  """

  albedo: Array
  height: Array
  gloss: Array
  power: Array


class Parts(NamedTuple):
  """One row for each part; the fields are ``[K]`` or ``[K, ...]``.

  Attributes:
    centre: ``[K, 2]``, row and column, pixels.
    angle: radians.
    extent: ``[K, 2]``, half the sides before the corners are rounded, pixels.
    radius: of the corners, pixels.
    height: pixels above the scene; negative for a hole.
    dome: share of the height that is round and not flat.
    colour: ``[K, 3]``.
    gloss: see ``Scene``.
    is_there: 1 or 0.
  """

  centre: Array
  angle: Array
  extent: Array
  radius: Array
  height: Array
  dome: Array
  colour: Array
  gloss: Array
  is_there: Array


def draw(key: Array, *, size: int, share: float, max_height_px: float) -> Parts:
  """A table of parts.

  Half of the tables are of one kind of part on a lattice, as pins are.

  Args:
    key: key.
    size: side of the scene.
    share: of the scenes that have any.
    max_height_px: of the highest.

  Returns:
    ``NUM_PARTS`` rows of float32; those that are not there have values too.
  """
  keys = jax.random.split(key, 12)
  count = NUM_PARTS
  free = jax.random.uniform(keys[0], (count, 2)) * size
  lattice = _lattice(keys[1], size=size)
  alike = jax.random.bernoulli(keys[2])
  row = jnp.where(alike, 0, jnp.arange(count))  # all as the first, or not
  long = 2.0 * 8.0 ** jax.random.uniform(keys[3], (count,))
  aspect = jax.random.uniform(keys[4], (count,), minval=0.25)
  is_round = jax.random.bernoulli(keys[5], 0.4, (count, 1))
  box = jnp.stack([long * aspect, long], axis=1)
  rise = max_height_px * jax.random.uniform(keys[6], (count,)) ** 2
  deep = jax.random.bernoulli(keys[7], 0.2, (count,))
  number_key, there_key = jax.random.split(keys[11])
  number = jax.random.randint(number_key, (), 1, count + 1)
  there = jax.random.bernoulli(there_key, share)
  return Parts(
    centre=jnp.where(alike, lattice, free),
    angle=jnp.where(alike, 0.0, jax.random.uniform(keys[8], (count,)) * jnp.pi),
    extent=jnp.where(is_round, 0.0, box)[row],
    radius=jnp.where(is_round[:, 0], 0.7 * long, 1.0)[row],
    height=jnp.where(deep, -2.0 * rise, rise)[row],
    dome=jnp.where(is_round[:, 0], aspect, 0.0)[row],
    colour=jax.vmap(backgrounds.colour)(jax.random.split(keys[9], count))[row],
    gloss=(jax.random.uniform(keys[10], (count,), maxval=1.2) ** 2)[row],
    is_there=there * (alike | (jnp.arange(count) < number)).astype(jnp.float32),
  )


def _lattice(key: Array, *, size: int) -> Array:
  """Places on a lattice of 4 columns, ``[K, 2]``."""
  pitch_key, start_key = jax.random.split(key)
  pitch = jax.random.uniform(pitch_key, (2,), minval=12.0, maxval=36.0)
  start = jax.random.uniform(start_key, (2,)) * (size - 2.5 * pitch)
  number = jnp.arange(NUM_PARTS)
  return start + jnp.stack([number // 4, number % 4], axis=1) * pitch


def alter(
  key: Array, parts: Parts, *, change: Array | int | None = None
) -> Parts:
  """The table with one row changed: missing, moved, turned, resized, painted.

  Args:
    key: key.
    parts: the table.
    change: number of the change in that order, from 0; None draws one.

  Returns:
    A table of the same shapes.
  """
  keys = jax.random.split(key, 7)
  which = jax.random.categorical(keys[0], jnp.log(parts.is_there + 1e-6))
  if change is None:
    change = jax.random.randint(keys[1], (), 0, _NUM_CHANGES)
  way = jax.random.uniform(keys[2]) * 2 * jnp.pi
  reach = jax.random.uniform(
    keys[3], minval=LEAST_MOVE_PX, maxval=_MOST_MOVE_PX
  )
  shift = reach * jnp.stack([jnp.sin(way), jnp.cos(way)])
  turn = jax.random.uniform(keys[4], minval=0.3, maxval=1.2)
  factor = 2.0 ** jax.random.uniform(keys[5], minval=0.3, maxval=0.9)
  factor = jnp.where(jax.random.bernoulli(keys[6]), factor, 1 / factor)
  paint = backgrounds.colour(keys[6])

  def changed(field: Array, number: int, value: Array) -> Array:
    return field.at[which].set(jnp.where(change == number, value, field[which]))

  return parts._replace(
    is_there=changed(parts.is_there, 0, jnp.zeros(())),
    centre=changed(parts.centre, 1, parts.centre[which] + shift),
    angle=changed(parts.angle, 2, parts.angle[which] + turn),
    extent=changed(parts.extent, 3, parts.extent[which] * factor),
    radius=changed(parts.radius, 3, parts.radius[which] * factor),
    colour=changed(parts.colour, 4, paint),
  )


def place(parts: Parts, scene: Scene, *, ground: Array | None = None) -> Scene:
  """The scene with the parts on it, each over those before it.

  Args:
    parts: the table.
    scene: what they stand on.
    ground: scalar, pixels, what heights of parts are counted from; None is the
      mean of the scene with the parts before.

  Returns:
    A scene of the same shapes.
  """
  size = scene.height.shape[0]
  y, x = fields.grid(size)

  def place_one(scene: Scene, part: Parts) -> tuple[Scene, None]:
    across, along = shapes.rotate(y, x, centre=part.centre, angle=part.angle)
    distance = shapes.rounded_box(
      across, along, half_extent=part.extent, radius=part.radius
    )
    cover = part.is_there * shapes.coverage(distance)
    inner = jnp.clip(-distance / jnp.maximum(part.radius, 1.0), 0.0, 1.0)
    round_top = jnp.sqrt(1e-4 + inner * (2.0 - inner))
    top = part.height * (1 - part.dome + part.dome * round_top)
    base = jnp.mean(scene.height) if ground is None else ground
    mixed = cover[..., None]
    return Scene(
      scene.albedo + mixed * (part.colour - scene.albedo),
      scene.height + cover * (base + top - scene.height),
      scene.gloss + cover * (part.gloss - scene.gloss),
      scene.power,
    ), None

  return jax.lax.scan(place_one, scene, parts)[0]
