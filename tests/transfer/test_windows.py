"""Windows: their place, padding and kinds."""

from __future__ import annotations

import numpy as np
import pytest

from tests import samples
from zeroshot.data import manifest, pictures
from zeroshot.transfer import targets, windows
from zeroshot.types import Boxes

KINDS = ('open', 'copper')


@pytest.fixture
def pair(tmp_path):
  """A trace with a cut, and an island far from it."""
  reference = np.ones((96, 160, 3), np.float32)
  reference[40:48] = 0.0
  test = reference.copy()
  test[40:48, 30:36] = 1.0
  test[10:16, 120:128] = 0.0
  paths = tmp_path / 'good.png', tmp_path / 'part.png'
  pictures.write_picture(paths[0], reference)
  pictures.write_picture(paths[1], test)
  truth = Boxes(
    np.array([[20, 30, 45, 57], [110, 0, 137, 25]], np.float32),
    np.ones(2, np.float32),
    KINDS,
  )
  return manifest.LabelledPair('a', 'group1', *paths, truth)


def pack(*pairs, **changes):
  settings = dict(
    kinds=KINDS,
    margin_px=10.0,
    cut=windows.Cut(64),
    registration='none',
    extent_share=0.4,
    hidden_px=2.0,
  )
  return windows.pack(pairs, **settings | changes)


def test_each_box_has_a_window_with_its_own_labels(pair):
  packed = pack(pair)
  assert int(packed.total) == 3  # two boxes, and one window anywhere
  assert packed.test.shape[1:] == (64, 64, 1)  # grey
  assert len(packed.test) % 512 == 0
  first, second = packed.instance[0], packed.instance[1]
  assert (first == 1).sum() == 8 * 6
  assert (second == 1).sum() == 6 * 8
  assert packed.kind[:2, 0].tolist() == [0, 1]
  # Where the pictures differ is where the labels say so.
  differs = packed.reference[0, ..., 0] != packed.test[0, ..., 0]
  np.testing.assert_array_equal(differs, first == 1)


def test_a_box_is_centred_unless_the_border_is_near(pair):
  y, x = np.nonzero(pack(pair).instance[0] == 1)
  assert abs(y.mean() - 31.5) <= 1
  y, x = np.nonzero(pack(pair).instance[1] == 1)
  assert (y.min(), y.max()) == (10, 15)  # the window begins at the top
  assert abs(x.mean() - 31.5) <= 1


def test_two_boxes_in_one_window_are_numbered_anew(pair):
  packed = pack(
    pair, cut=windows.Cut(128)
  )  # wider than high: the edge is repeated
  assert packed.test.shape[1:3] == (128, 128)
  assert set(np.unique(packed.instance[1])) == {0, 1, 2}
  assert packed.kind[1, :3].tolist() == [0, 1, -1]


def test_colour_keeps_its_channels(pair):
  image = pictures.read_picture(pair.test_path)
  image[..., 0] *= 0.5
  pictures.write_picture(pair.test_path, image)
  assert pack(pair).test.shape[-1] == 3


def test_an_unknown_kind_is_refused_and_an_unnamed_one_is_none(pair):
  with pytest.raises(ValueError, match=r"part\.png: kinds \['copper'\]"):
    pack(pair, kinds=('open', 'short'))
  unnamed = pair._replace(truth=pair.truth._replace(kind=('difference',) * 2))
  assert (pack(unnamed).kind == -1).all()
  assert (pack(pair, kinds=()).kind == -1).all()


def test_no_pair_is_refused():
  with pytest.raises(ValueError, match='no labelled pair'):
    pack()


def test_a_pair_of_good_parts_has_one_window_without_a_label(pair):
  pictures.write_picture(
    pair.test_path, pictures.read_picture(pair.reference_path)
  )
  good = pair._replace(truth=Boxes(np.zeros((0, 4)), np.zeros(0), ()))
  packed = pack(good)
  assert int(packed.total) == 1
  assert (packed.instance[0] == targets.SAME).all()


def test_as_many_windows_anywhere_as_asked_for(pair):
  packed = pack(pair, cut=windows.Cut(64, num_anywhere=5))
  assert int(packed.total) == 7
  with pytest.raises(ValueError, match='num_anywhere is 0'):
    pack(pair, cut=windows.Cut(64, num_anywhere=0))


def test_the_same_seed_cuts_the_same_windows(pair):
  first, again, other = (
    pack(pair),
    pack(pair),
    pack(pair, cut=windows.Cut(64, seed=1)),
  )
  for one, two in zip(first, again, strict=True):
    np.testing.assert_array_equal(one, two)
  assert (first.test != other.test).any()


def test_all_that_cannot_be_packed_is_named_at_once(pair, tmp_path):
  bad = [
    pair._replace(name=path.stem, reference_path=path)
    for path in samples.write_all_bad(tmp_path)
  ]
  both = [
    samples.write_bad(tmp_path / name) for name in ('empty.jpg', 'text.bmp')
  ]
  bad.append(pair._replace(reference_path=both[0], test_path=both[1]))
  with pytest.raises(ValueError, match=f'^{len(bad) + 1} faults: ') as caught:
    pack(pair, *bad)
  for words in (*samples.BAD.values(), 'empty.jpg', 'text.bmp'):
    assert words in str(caught.value)


def test_what_is_packed_is_read_once(pair, monkeypatch):
  paths = []
  read = pictures.read_bytes
  monkeypatch.setattr(
    pictures,
    'read_bytes',
    lambda path, **options: paths.append(path) or read(path, **options),
  )
  pack(pair)
  assert sorted(paths) == sorted([pair.reference_path, pair.test_path])


def test_all_unknown_kinds_are_named_at_once(pair):
  other = pair._replace(test_path=pair.reference_path)
  with pytest.raises(ValueError, match=r'^2 faults: .*part\.png.*good\.png'):
    pack(pair, other, kinds=('open',))


def test_a_box_outside_of_the_picture_is_refused(pair):
  away = np.array([[900, 900, 950, 950]], np.float32)
  truth = Boxes(away, np.ones(1, np.float32), ('open',))
  with pytest.raises(ValueError, match=r'part\.png: box .* outside .* 160x96'):
    pack(pair._replace(truth=truth))
