"""The price of an exchange, by hand and by its laws."""

from __future__ import annotations

import pytest

from launch import weak_scaling
from launch.weak_scaling import Link

SLOW = Link('slow', 100.0, 0.5, 'nowhere')


def test_by_hand():
  # Around a ring of 4: six hops, each with a quarter of the bytes.
  assert weak_scaling.ring_seconds(1000, 4, SLOW) == pytest.approx(
    6 * (250 / 100 + 0.5)
  )
  # Two levels up and two down.
  assert weak_scaling.tree_seconds(1000, 4, SLOW) == pytest.approx(
    2 * 1000 / 100 + 4 * 0.5
  )
  assert weak_scaling.tree_seconds(0, 5, SLOW) == 6 * 0.5


@pytest.mark.parametrize(
  'cost', [weak_scaling.ring_seconds, weak_scaling.tree_seconds]
)
def test_alone_costs_nothing_and_more_devices_never_less(cost):
  assert cost(1e6, 1, SLOW) == 0
  times = [cost(1e6, n, SLOW) for n in (2, 3, 8, 64, 512)]
  assert times == sorted(times)
  assert times[0] > 0


@pytest.mark.parametrize('link', weak_scaling.LINKS, ids=lambda link: link.name)
def test_a_ring_wins_with_large_messages_and_a_tree_with_small_ones(link):
  ring, tree = weak_scaling.ring_seconds, weak_scaling.tree_seconds
  assert tree(4, 512, link) < ring(4, 512, link)
  assert ring(1e12, 512, link) < tree(1e12, 512, link)


def test_predictions_cover_links_and_counts():
  rows = weak_scaling.predict(
    4.0, [1000, 0], device_counts=(1, 4), links=(SLOW,)
  )
  assert [(row['link'], row['devices']) for row in rows] == [
    ('slow', 1),
    ('slow', 4),
  ]
  assert rows[0]['ring'] == {'communication_seconds': 0.0, 'efficiency': 1.0}
  # Two collectives, the second of which only waits.
  seconds = 6 * (250 / 100 + 0.5) + 6 * 0.5
  assert rows[1]['ring']['communication_seconds'] == pytest.approx(seconds)
  assert rows[1]['ring']['efficiency'] == pytest.approx(4 / (4 + seconds))
