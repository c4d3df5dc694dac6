"""Regions: their extent, their cover, and nothing elsewhere."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import regions

SIZE = 64
KINDS = parts.family('regions')
# How far a region may reach beyond its nominal extent: ragged edges, corners,
# a scratch's greater length, specks all round the first.
REACH = dict(polygons=2.1, blobs=2.1, scratches=2.6, specks=5.0)


@functools.cache
def drawer(kind):
  """Covers of one extent; the extent is traced, so all share a program."""
  draw = functools.partial(getattr(regions, kind), size=SIZE)
  if kind == 'specks':  # takes the greater of two plain numbers
    return lambda keys, extent: _specks(extent)(keys)
  return jax.jit(
    jax.vmap(
      lambda key, extent: draw(key, min_px=extent, max_px=extent),
      in_axes=(0, None),
    )
  )


@functools.cache
def _specks(extent):
  draw = functools.partial(
    regions.specks, size=SIZE, min_px=extent, max_px=extent
  )
  return jax.jit(jax.vmap(draw))


def covers(kind, extent, count=48):
  return np.asarray(drawer(kind)(parts.keys(count), extent))


def widths(cover):
  """Rows and columns from the first to the last pixel that is touched."""
  return [
    np.ptp(np.flatnonzero(cover.any(axis))) + 1 if cover.any() else 0
    for axis in (0, 1)
  ]


def test_the_suite_knows_every_kind():
  assert set(KINDS) == set(REACH)


def test_extents_are_log_uniform():
  draw = functools.partial(regions.extent_px, min_px=2.0, max_px=32.0)
  extents = np.asarray(jax.vmap(draw)(parts.keys(2000)))
  assert extents.min() >= 2
  assert extents.max() <= 32.001
  shares = [np.mean(extents < middle) for middle in (4, 8, 16)]
  np.testing.assert_allclose(shares, [0.25, 0.5, 0.75], atol=0.05)


def test_an_extent_without_range_is_that_extent():
  extent = regions.extent_px(jax.random.key(0), min_px=7.0, max_px=7.0)
  assert float(extent) == 7


@pytest.mark.parametrize('kind', KINDS)
def test_nothing_is_covered_beyond_the_extent(kind):
  extent = 8.0
  for cover in covers(kind, extent):
    assert cover.max() > 0.4  # there is something
    assert max(widths(cover)) <= REACH[kind] * extent + 2


@pytest.mark.parametrize('kind', KINDS)
def test_a_greater_extent_covers_more(kind):
  small, large = (covers(kind, extent) for extent in (4.0, 12.0))
  assert large.sum((1, 2)).mean() > 1.5 * small.sum((1, 2)).mean()


@pytest.mark.parametrize('kind', ['polygons', 'blobs'])
def test_areas_are_near_those_of_a_disc(kind):
  extent = 12.0
  areas = [
    cover.sum()
    for cover in covers(kind, extent)
    if not (cover[[0, -1]].any() or cover[:, [0, -1]].any())
  ]
  assert len(areas) > 10
  assert 0.4 < np.median(areas) / (np.pi / 4 * extent**2) < 1.6


def test_scratches_are_thin():
  for cover in covers('scratches', 12.0):
    inside = cover > 0.5
    assert inside.sum() <= 6 * (max(widths(inside)) * 1.5 + 6)


def test_specks_are_a_few_discs():
  draw = functools.partial(regions.specks, size=SIZE, min_px=2.0, max_px=24.0)
  drawn = np.asarray(jax.jit(jax.vmap(draw))(parts.keys(48)))
  counts = {_components(cover > 0.5) for cover in drawn}
  assert counts <= set(range(regions.NUM_SPECKS + 1))
  assert len(counts) > 2


def _components(mask):
  """Number of 4-connected groups, by flooding."""
  left = {tuple(place) for place in np.argwhere(mask)}
  count = 0
  while left:
    count += 1
    stack = [left.pop()]
    while stack:
      y, x = stack.pop()
      for place in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
        if place in left:
          left.remove(place)
          stack.append(place)
  return count


@pytest.mark.parametrize('kind', KINDS)
def test_regions_lie_anywhere(kind):
  touched = covers(kind, 12.0).max(0) > 0
  quarters = touched.reshape(2, SIZE // 2, 2, SIZE // 2).mean((1, 3))
  assert quarters.min() > 0.5
