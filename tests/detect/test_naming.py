"""Which of topology and pair head names a box."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data.deeppcb import KINDS
from zeroshot.detect import maps, naming
from zeroshot.types import Boxes

VALID = np.ones((60, 80), np.float32)
BOXES = Boxes(
  np.array([[30, 20, 36, 28]], np.float32),
  np.array([0.9], np.float32),
  ('difference',),
)


def cut_trace():
  """A trace that is cut through: clearly an open."""
  reference = np.ones((60, 80, 3), np.float32)
  reference[20:28] = 0.0
  test = reference.copy()
  test[20:28, 30:36] = 1.0
  return reference, test


def photographs():
  random = np.random.default_rng(0)
  return tuple(random.random((2, 60, 80, 3), np.float32))


def head(*probabilities):
  """Head maps of the same kinds everywhere."""
  kinds = np.broadcast_to(
    np.float32(probabilities), (60, 80, len(probabilities))
  )
  return maps.HeadMaps(np.ones((60, 80), np.float32), kinds)


def name(method, pictures, head_maps, words=KINDS):
  return naming.build_namer(method, words)(BOXES, pictures, VALID, head_maps)


# In the order of KINDS: open, short, mousebite, spur, copper, pin-hole.
MOUSEBITE = head(0.3, 0, 0.7, 0, 0, 0)


def test_topology_does_not_ask_the_head():
  boxes = name('topology', cut_trace(), MOUSEBITE)
  assert boxes.kind == ('open',)
  assert name('topology', photographs(), MOUSEBITE).kind == ('difference',)


def test_the_head_alone():
  boxes = name('learned', cut_trace(), MOUSEBITE)
  assert boxes.kind == ('mousebite',)
  assert boxes.kind_confidence == pytest.approx([0.7])
  boxes = name('learned', photographs(), head(0.2, 0.8), ('dent', 'hair'))
  assert boxes.kind == ('hair',)


def test_both_multiply():
  assert name('both', cut_trace(), MOUSEBITE).kind == ('open',)
  certain = head(0, 0, 1, 0, 0, 0)
  boxes = name('both', cut_trace(), certain)
  assert boxes.kind == ('mousebite',)
  agreed = name('both', cut_trace(), head(0.9, 0, 0.1, 0, 0, 0))
  assert agreed.kind == ('open',)
  assert agreed.kind_confidence[0] > 0.99


def test_both_leave_it_to_the_head_where_pictures_do_not_separate():
  boxes = name('both', photographs(), MOUSEBITE)
  assert boxes.kind == ('mousebite',)
  assert boxes.kind_confidence == pytest.approx([0.7])


def test_none_names_none():
  assert naming.build_namer('none', ()) is None


def test_no_boxes():
  none = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())
  for method in ('topology', 'learned', 'both'):
    namer = naming.build_namer(method, KINDS)
    assert namer(none, cut_trace(), VALID, MOUSEBITE).kind == ()


@pytest.mark.parametrize(
  ('method', 'words', 'message'),
  [
    ('guess', (), "detect.kinds is 'guess'; legal are 'topology', 'learned'"),
    ('learned', (), 'the network names no kinds'),
    ('both', (), "'both' but the network's kinds are"),
    ('both', ('dent', 'hair'), 'topology knows'),
  ],
)
def test_what_cannot_be_is_named(method, words, message):
  with pytest.raises(ValueError, match=message):
    naming.build_namer(method, words)
