"""Signed distances and what they cover."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tests.synthesis import parts
from zeroshot.synthesis import fields, shapes


def test_coverage_by_hand():
  distance = jnp.array([-9.0, -0.5, -0.25, 0.0, 0.25, 0.5, 9.0])
  np.testing.assert_allclose(
    shapes.coverage(distance), [1, 1, 0.75, 0.5, 0.25, 0, 0]
  )
  np.testing.assert_allclose(
    shapes.coverage(distance, softness_px=2.0),
    [1, 0.75, 0.625, 0.5, 0.375, 0.25, 0],
  )


def test_rotate_keeps_distances_and_turns():
  y, x = fields.grid(9)
  centre = jnp.array([3.0, 5.0])
  across, along = shapes.rotate(y, x, centre=centre, angle=jnp.float32(0.0))
  np.testing.assert_allclose(across, jnp.broadcast_to(y - 3, (9, 9)))
  np.testing.assert_allclose(along, jnp.broadcast_to(x - 5, (9, 9)))
  across, along = shapes.rotate(y, x, centre=centre, angle=jnp.float32(0.7))
  np.testing.assert_allclose(
    jnp.hypot(across, along), jnp.hypot(y - 3, x - 5), atol=1e-5
  )
  quarter = jnp.float32(jnp.pi / 2)
  across, along = shapes.rotate(y, x, centre=centre, angle=quarter)
  np.testing.assert_allclose(along, (y - 3) * jnp.ones((1, 9)), atol=1e-5)


def test_a_rounded_box_without_extent_is_a_disc():
  y, x = fields.grid(16)
  distance = shapes.rounded_box(
    y - 7, x - 8, half_extent=jnp.zeros(2), radius=jnp.float32(3)
  )
  np.testing.assert_allclose(distance, jnp.hypot(y - 7, x - 8) - 3, atol=1e-5)


def test_rounded_box_by_hand():
  def distance(across, along):
    return float(
      shapes.rounded_box(
        jnp.float32(across),
        jnp.float32(along),
        half_extent=jnp.array([1.0, 4.0]),
        radius=jnp.float32(0.5),
      )
    )

  assert distance(0, 0) == -1.5  # to the nearer side
  assert distance(1.5, 0) == 0
  assert distance(0, 6) == 1.5
  assert distance(4, 8) == 4.5  # 3-4-5, from the corner


def test_a_convex_polygon_is_convex_and_holds_its_centre():
  y, x = fields.grid(33)
  draw = jax.jit(
    jax.vmap(
      lambda key: shapes.convex_polygon(
        key,
        y,
        x,
        centre=jnp.array([16.0, 16.0]),
        radius=jnp.float32(10.0),
        sides=6,
      )
    )
  )
  distance = np.asarray(draw(parts.keys(50)))
  assert ((distance[:, 16, 16] >= -10) & (distance[:, 16, 16] <= -5)).all()
  # A convex function is at most the mean of its ends at the middle.
  for ends in (
    (distance[:, :-2] + distance[:, 2:], distance[:, 1:-1]),
    (distance[:, :, :-2] + distance[:, :, 2:], distance[:, :, 1:-1]),
    (distance[:, :-2, :-2] + distance[:, 2:, 2:], distance[:, 1:-1, 1:-1]),
  ):
    assert (ends[1] <= ends[0] / 2 + 1e-4).all()
