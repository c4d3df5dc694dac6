"""Parts stand on a scene, and altering one changes no other."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts as toy
from zeroshot.synthesis import parts

SIZE = 40
# What alter may change, each alone; a size is an extent and a radius.
FIELDS = (
  {'is_there'},
  {'centre'},
  {'angle'},
  {'extent', 'radius'},
  {'colour'},
)


def blank(height=0.0):
  """A flat dark scene."""
  return parts.Scene(
    albedo=jnp.full((SIZE, SIZE, 3), 0.1),
    height=jnp.full((SIZE, SIZE), height),
    gloss=jnp.zeros((SIZE, SIZE)),
    power=jnp.float32(8),
  )


def table(*rows):
  """A table of square chips; each row names what differs from them."""
  chip = dict(
    centre=(20.0, 20.0),
    angle=0.0,
    extent=(5.0, 5.0),
    radius=1.0,
    height=4.0,
    dome=0.0,
    colour=(0.8, 0.6, 0.4),
    gloss=0.5,
    is_there=1.0,
  )
  full = [chip | row for row in rows]
  return parts.Parts(
    **{
      name: jnp.asarray([row[name] for row in full], jnp.float32)
      for name in parts.Parts._fields
    }
  )


@functools.cache
def place():
  return jax.jit(parts.place)


@functools.cache
def drawn(share):
  draw = functools.partial(parts.draw, size=SIZE, share=share, max_height_px=6)
  return jax.device_get(jax.jit(jax.vmap(draw))(toy.keys(200)))


def test_a_chip_lies_where_its_row_says():
  scene = place()(table(dict(centre=(12.0, 25.0))), blank(height=2.0))
  inside = np.zeros((SIZE, SIZE), bool)
  inside[7:18, 20:31] = True  # half side 5, and 1 for the corners
  rim = np.zeros_like(inside)
  rim[5:20, 18:33] = True
  np.testing.assert_allclose(scene.albedo[inside], [[0.8, 0.6, 0.4]] * 121)
  np.testing.assert_allclose(scene.height[inside], 6.0, atol=1e-5)
  np.testing.assert_allclose(scene.gloss[inside], 0.5)
  np.testing.assert_allclose(scene.albedo[~rim], 0.1)
  np.testing.assert_allclose(scene.height[~rim], 2.0)
  assert not scene.gloss[~rim].any()
  assert scene.power == 8


def test_a_hole_is_below_and_a_dome_is_highest_in_its_middle():
  hole = place()(table(dict(height=-3.0)), blank())
  assert hole.height[20, 20] == pytest.approx(-3)
  dome = dict(extent=(0.0, 0.0), radius=9.0, dome=1.0)
  height = place()(table(dome), blank()).height
  assert height[20, 20] == pytest.approx(4, abs=0.01)
  along = np.asarray(height[20, 20:29])
  assert (np.diff(along) < 0).all()
  # A quarter of a circle: half way out, the root of three quarters.
  assert height[20, 20 + 4] == pytest.approx(
    4 * np.sqrt(1 - (4 / 9) ** 2), 0.02
  )


def test_heights_are_counted_from_the_mean_or_from_a_ground():
  scene = blank()._replace(height=jnp.zeros((SIZE, SIZE)).at[:, :20].set(4.0))
  chip = table(dict(centre=(20.0, 20.0)))
  for ground, height in ((None, 6.0), (1.0, 5.0)):
    placed = parts.place(chip, scene, ground=ground)
    assert placed.height[20, 20] == pytest.approx(height)


def test_later_parts_hide_earlier_ones():
  red, blue = dict(colour=(1.0, 0.0, 0.0)), dict(colour=(0.0, 0.0, 1.0))
  scene = place()(table(red, blue), blank())
  np.testing.assert_allclose(scene.albedo[20, 20], [0, 0, 1])
  scene = place()(table(red, blue | dict(is_there=0.0)), blank())
  np.testing.assert_allclose(scene.albedo[20, 20], [1, 0, 0])


def test_a_turned_bar_lies_along_its_angle():
  bar = dict(extent=(1.0, 10.0), radius=0.5)
  flat = place()(table(bar), blank()).height
  steep = place()(table(bar | dict(angle=np.pi / 2)), blank()).height
  assert flat[20, 28] > 3 > 1 > flat[28, 20]
  np.testing.assert_allclose(steep, flat.T, atol=1e-3)


def test_tables_have_their_shapes_and_ranges():
  tables = drawn(1.0)
  count = parts.NUM_PARTS
  assert tables.centre.shape == tables.extent.shape == (200, count, 2)
  assert tables.colour.shape == (200, count, 3)
  for field in tables:
    assert field.dtype == np.float32
    assert field.shape[:2] == (200, count)
    assert np.isfinite(field).all()
  assert set(np.unique(tables.is_there)) == {0.0, 1.0}
  assert tables.height.max() <= 6
  assert tables.height.min() >= -12
  assert (tables.height < 0).any()
  assert tables.colour.min() >= 0
  assert tables.colour.max() <= 1
  assert tables.gloss.min() >= 0
  assert (tables.extent.max(-1) + tables.radius).min() > 1


def test_half_of_the_tables_are_of_one_kind_on_a_lattice():
  tables = drawn(1.0)
  alike = (np.ptp(tables.colour, axis=1) == 0).all(-1)
  assert 0.35 < alike.mean() < 0.65
  same = (np.ptp(tables.extent, axis=1) == 0).all(-1)
  np.testing.assert_array_equal(alike, same)
  assert tables.is_there[alike].all()
  columns = tables.centre[alike].reshape(-1, parts.NUM_PARTS // 4, 4, 2)
  np.testing.assert_allclose(np.ptp(columns[..., 0], axis=2), 0, atol=1e-4)
  np.testing.assert_allclose(np.diff(columns[..., 1], 2, axis=2), 0, atol=1e-3)
  pitch = np.diff(columns[..., 1], axis=2)
  assert pitch.min() + 1e-3 >= 12
  assert pitch.max() <= 36 + 1e-3


def test_as_many_scenes_have_parts_as_asked_for():
  assert drawn(1.0).is_there.any(1).all()
  assert not drawn(0.0).is_there.any()
  assert drawn(0.5).is_there.any(1).mean() == pytest.approx(0.5, abs=0.12)


@functools.cache
def altered(rows=6):
  before = table(
    *(
      dict(centre=(5.0 * n, 30.0 - n), angle=0.1 * n, is_there=n % 2)
      for n in range(rows)
    )
  )
  alter = jax.jit(jax.vmap(parts.alter, in_axes=(0, None)))
  return before, jax.device_get(alter(toy.keys(300), before))


def changes():
  """Of each altered table: its index, the rows and the names that changed."""
  before, after = altered()
  for n in range(len(after.angle)):
    rows, names = set(), set()
    for name in parts.Parts._fields:
      a, b = (np.asarray(getattr(t, name)) for t in (before, after))
      differs = (a != b[n]).reshape(len(a), -1).any(1)
      rows |= set(np.flatnonzero(differs))
      names |= {name} if differs.any() else set()
    yield n, rows, names


def test_one_row_is_altered_in_one_way():
  seen = {frozenset(names) for _, _, names in changes()}
  assert seen == {frozenset(names) for names in FIELDS}
  assert {len(rows) for _, rows, _ in changes()} == {1}


def test_parts_that_are_there_are_altered_each_as_often():
  chosen = [row for _, rows, _ in changes() for row in rows]
  assert set(chosen) == {1, 3, 5}
  for row in (1, 3, 5):
    assert chosen.count(row) / len(chosen) == pytest.approx(1 / 3, abs=0.1)


def test_alterations_are_large_enough_to_be_seen():
  before, after = altered()
  moved, turned, factors = [], [], []
  for n, (row,), names in changes():
    if names == {'is_there'}:
      assert after.is_there[n, row] == 0
    elif names == {'centre'}:
      moved.append(np.linalg.norm(after.centre[n, row] - before.centre[row]))
    elif names == {'angle'}:
      turned.append(after.angle[n, row] - before.angle[row])
    elif 'extent' in names:
      factors.append(after.radius[n, row] / before.radius[row])
      np.testing.assert_allclose(
        after.extent[n, row], before.extent[row] * factors[-1], rtol=1e-5
      )
  assert min(moved) >= parts.LEAST_MOVE_PX - 1e-4
  assert max(moved) > 2 * parts.LEAST_MOVE_PX
  assert min(turned) > 0.29
  assert min(abs(np.log2(factors))) > 0.29
  assert min(factors) < 1 < max(factors)


def test_without_parts_nothing_is_seen_of_the_alteration():
  before = table(*[dict(is_there=0.0)] * 3)
  for key in toy.keys(5):
    after = place()(parts.alter(key, before), blank())
    for a, b in zip(after, blank(), strict=True):
      np.testing.assert_array_equal(a, b)
