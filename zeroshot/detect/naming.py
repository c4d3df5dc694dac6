"""What names the kinds of boxes: topology, a pair head, or both.

namer = build_namer('topology', ())
boxes = namer(boxes, (reference, test), valid_mask, maps)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from zeroshot.data import deeppcb
from zeroshot.detect import maps
from zeroshot.detect.extents import Pictures
from zeroshot.pcb import conductors, topology
from zeroshot.types import Boxes, HostArray

# (boxes, pictures, valid_mask, maps) -> the boxes, each with a kind.
Namer = Callable[[Boxes, Pictures, HostArray | None, maps.HeadMaps], Boxes]


def build_namer(
  method: str,
  words: Sequence[str],
  *,
  dark_is_conductor: bool = True,
  separate: topology.Separate = conductors.conductors,
) -> Namer | None:
  """What names the kinds of boxes.

  Args:
    method: ``config.detect.kinds``.
    words: of the kinds that the network's pair head tells apart, if any.
    dark_is_conductor: whether the darker of two materials is the conductor;
      topology alone asks.
    separate: see ``topology.name_kinds``; likewise.

  Returns:
    The function that names them; None leaves every kind ``'difference'``.

  Raises:
    ValueError: there is no such method, or the network has not learned what
      it needs.
  """
  namers: dict[str, Namer | None] = {
    'topology': functools.partial(
      _by_topology, dark_is_conductor=dark_is_conductor, separate=separate
    ),
    'learned': functools.partial(_by_head, words=tuple(words)),
    'both': functools.partial(
      _by_both, dark_is_conductor=dark_is_conductor, separate=separate
    ),
    'none': None,
  }
  if method not in namers:
    legal = ', '.join(map(repr, namers))
    raise ValueError(f'detect.kinds is {method!r}; legal are {legal}')
  if method == 'learned' and not words:
    raise ValueError(
      "detect.kinds is 'learned' but the network names no kinds; give weights "
      "with a pair head, see configs/transfer.py, or take 'topology'"
    )
  if method == 'both' and tuple(words) != deeppcb.KINDS:
    raise ValueError(
      f"detect.kinds is 'both' but the network's kinds are {tuple(words)}; "
      f"topology knows {deeppcb.KINDS}: take 'topology' or 'learned'"
    )
  return namers[method]


def _by_topology(
  boxes: Boxes,
  pictures: Pictures,
  valid_mask: HostArray | None,
  head_maps: maps.HeadMaps,
  *,
  dark_is_conductor: bool,
  separate: topology.Separate,
) -> Boxes:
  """See ``topology.name_kinds``."""
  del head_maps
  return topology.name_kinds(
    boxes,
    *pictures,
    valid_mask,
    dark_is_conductor=dark_is_conductor,
    separate=separate,
  )


def _by_head(
  boxes: Boxes,
  pictures: Pictures,
  valid_mask: HostArray | None,
  head_maps: maps.HeadMaps,
  *,
  words: tuple[str, ...],
) -> Boxes:
  """What the pair head says of the pixels of each box."""
  del pictures, valid_mask
  return _most_probable(
    boxes, maps.kind_probabilities(boxes.xyxy, head_maps), words
  )


def _by_both(
  boxes: Boxes,
  pictures: Pictures,
  valid_mask: HostArray | None,
  head_maps: maps.HeadMaps,
  *,
  dark_is_conductor: bool,
  separate: topology.Separate,
) -> Boxes:
  """The product of both opinions, as if they were independent.

  Where the pictures do not separate, topology finds all kinds alike and the
  head decides alone.
  """
  product = topology.kind_probabilities(
    boxes.xyxy,
    *pictures,
    valid_mask,
    dark_is_conductor=dark_is_conductor,
    separate=separate,
  ) * maps.kind_probabilities(boxes.xyxy, head_maps)
  return _most_probable(
    boxes,
    product / product.sum(axis=1, keepdims=True),
    deeppcb.KINDS,
  )


def _most_probable(
  boxes: Boxes, probabilities: HostArray, words: tuple[str, ...]
) -> Boxes:
  """The boxes with their most probable kinds, of probabilities ``[K, C]``."""
  best = probabilities.argmax(axis=1)
  return boxes._replace(
    kind=tuple(words[index] for index in best),
    kind_confidence=probabilities.max(axis=1).astype(np.float32),
  )
