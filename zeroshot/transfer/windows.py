"""Labelled pairs -> windows round their boxes, packed for the device.

  windows = pack(pairs, kinds=('open', 'short'), margin_px=10.0,
                 cut=Cut(window_px=192, num_anywhere=1, seed=0),
                 registration='affine', extent_share=0.4, hidden_px=2.0)

Pairs are registered and relit as in detection, so that training sees the same
input.
"""

from __future__ import annotations

import concurrent.futures
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from absl import logging

from zeroshot.data import faults, pictures, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.detect import registered_pair
from zeroshot.transfer import targets
from zeroshot.types import UNKNOWN_KIND, HostArray, Windows

# The numbers of windows and of boxes are padded to multiples of these, so that
# a few more labels need no compilation.
_WINDOWS_BUCKET = 512
_BOXES_BUCKET = 8
_WORKERS = 4


class Cut(NamedTuple):
  """Which windows are cut out of a pair, beside one round each box.

  Attributes:
    window_px: side of the windows.
    num_anywhere: windows anywhere.
    seed: of these.
  """

  window_px: int
  num_anywhere: int = 1
  seed: int = 0


class Window(NamedTuple):
  """One window, see ``Windows``; ``box_deltas`` are ``[num_boxes, 4]``."""

  reference: HostArray
  test: HostArray
  instance: HostArray
  box_deltas: HostArray
  kind: HostArray


def pack(
  pairs: Sequence[LabelledPair],
  *,
  kinds: Sequence[str],
  margin_px: float,
  cut: Cut,
  registration: str,
  extent_share: float,
  hidden_px: float,
) -> Windows:
  """Cuts a window round each box, and some anywhere, out of each pair.

  Args:
    pairs: to read.
    kinds: words of the kinds, in the order of their numbers; others are
      refused, except ``'difference'``, which is no kind. Empty ignores all
      kinds.
    margin_px: margin that annotators left round a defect.
    cut: which windows.
    registration: method, see ``detect.registration``.
    extent_share: of detection without a pair head, which ``box_deltas``
      correct; see ``extents.extents``.
    hidden_px: likewise.

  Returns:
    Windows of NumPy arrays.

  Raises:
    ValueError: no pair, or pictures cannot be read, boxes lie outside of them
      or kinds are not among those known (all such are named).
  """
  if not pairs:
    raise ValueError('no labelled pair; check labelled.groups and leave_out')
  if cut.num_anywhere < 1:
    raise ValueError(
      f'labelled.num_anywhere is {cut.num_anywhere}; give at least 1'
    )
  faults.refuse(
    [fault for pair in pairs for fault in _kind_faults(pair, kinds)]
  )
  cut_one = functools.partial(
    cut_pair,
    kinds=tuple(kinds),
    margin_px=margin_px,
    cut=cut,
    registration=registration,
    extent_share=extent_share,
    hidden_px=hidden_px,
  )
  try:
    with concurrent.futures.ThreadPoolExecutor(_WORKERS) as pool:
      parts = list(pool.map(cut_one, pairs))
  except ValueError:
    readable.check_pairs(pairs)  # names all that are bad, not only the first
    raise
  found = [window for part in parts for window in part]
  logging.info('%d windows of %d labelled pairs', len(found), len(pairs))
  return _stack(found)


def cut_pair(
  pair: LabelledPair,
  *,
  kinds: tuple[str, ...],
  margin_px: float,
  cut: Cut,
  registration: str,
  extent_share: float,
  hidden_px: float,
) -> list[Window]:
  """The windows of one pair; for the arguments see ``pack``."""
  reference, test = pictures.read_pair(pair.reference_path, pair.test_path)
  faults.refuse(readable.box_faults(pair, *test.shape[:2]))
  aligned = registered_pair.align(reference, test, method=registration)
  boxes = targets.tight(pair.truth.xyxy, margin_px=margin_px)
  instance = targets.instances(aligned.relit, test, boxes)
  kind = np.asarray(
    [kinds.index(word) if word in kinds else -1 for word in pair.truth.kind],
    np.int32,
  )
  box_deltas = targets.box_deltas(
    aligned.relit,
    test,
    instance,
    boxes,
    extent_share=extent_share,
    hidden_px=hidden_px,
  )
  planes = [_to_uint8(aligned.comparable), _to_uint8(test), instance]
  planes = [_pad(plane, cut.window_px) for plane in planes]
  rng = np.random.default_rng([cut.seed, *pair.name.encode()])
  height, width = planes[2].shape
  anywhere = rng.uniform(size=(cut.num_anywhere, 2)) * (width, height)
  centres = [*(boxes[:, :2] + boxes[:, 2:]) / 2, *anywhere]
  return [
    _window(planes, box_deltas, kind, centre, window_px=cut.window_px)
    for centre in centres
  ]


def _window(
  planes: Sequence[HostArray],
  box_deltas: HostArray,
  kind: HostArray,
  centre: HostArray,
  *,
  window_px: int,
) -> Window:
  """One window, with the boxes that have pixels in it, renumbered."""
  height, width = planes[0].shape[:2]
  corner = np.rint(centre - window_px / 2).astype(int)
  left, top = np.clip(corner, 0, [width - window_px, height - window_px])
  window = slice(top, top + window_px), slice(left, left + window_px)
  # Copies: views would keep the whole pictures alive.
  reference, test, instance = (plane[window].copy() for plane in planes)
  numbers = np.setdiff1d(instance, [targets.SAME, targets.OPEN])
  renumber = np.zeros(256, np.uint8)
  renumber[numbers] = np.arange(1, len(numbers) + 1)
  renumber[targets.OPEN] = targets.OPEN
  chosen = numbers.astype(int) - 1
  return Window(
    reference, test, renumber[instance], box_deltas[chosen], kind[chosen]
  )


def _stack(cuts: Sequence[Window]) -> Windows:
  """Stacks all windows, padded to the size of their buckets."""
  most = max(max(len(cut.box_deltas) for cut in cuts), 1)
  num_boxes = -(-most // _BOXES_BUCKET) * _BOXES_BUCKET
  total = -(-len(cuts) // _WINDOWS_BUCKET) * _WINDOWS_BUCKET
  grey = all(_is_grey(cut.reference) and _is_grey(cut.test) for cut in cuts)
  channels = slice(0, 1 if grey else 3)
  shape = (total, *cuts[0].instance.shape)
  arrays: dict[str, Any] = {
    'reference': np.zeros((*shape, 1 if grey else 3), np.uint8),
    'test': np.zeros((*shape, 1 if grey else 3), np.uint8),
    'instance': np.zeros(shape, np.uint8),
    'box_deltas': np.zeros((total, num_boxes, 4), np.float32),
    'kind': np.full((total, num_boxes), -1, np.int32),
  }
  for index, cut in enumerate(cuts):
    arrays['reference'][index] = cut.reference[..., channels]
    arrays['test'][index] = cut.test[..., channels]
    arrays['instance'][index] = cut.instance
    arrays['box_deltas'][index, : len(cut.box_deltas)] = cut.box_deltas
    arrays['kind'][index, : len(cut.kind)] = cut.kind
  arrays['total'] = np.asarray(len(cuts), np.int32)
  return Windows(**arrays)


def _to_uint8(image: HostArray) -> HostArray:
  """Rounds an image to 8 bits a channel."""
  return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _pad(plane: HostArray, window_px: int) -> HostArray:
  """Pads a plane to the size of a window by repeating its edge."""
  lack = [max(window_px - side, 0) for side in plane.shape[:2]]
  if not any(lack):
    return plane
  pad = [(0, lack[0]), (0, lack[1]), *[(0, 0)] * (plane.ndim - 2)]
  return np.pad(plane, pad, mode='edge')


def _is_grey(image: HostArray) -> bool:
  return bool((image == image[..., :1]).all())


def _kind_faults(pair: LabelledPair, kinds: Sequence[str]) -> list[str]:
  """A fault for kinds that the network has no output for."""
  unknown = set(pair.truth.kind) - {*kinds, UNKNOWN_KIND}
  if not kinds or not unknown:
    return []
  return [
    f'{pair.test_path}: kinds {sorted(unknown)} are not in model.kinds='
    f'{tuple(kinds)}; add them, or name them difference'
  ]
