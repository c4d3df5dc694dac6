"""Sets of drawn pairs in folders: pictures, masks and a manifest.

  drawn_sets.NAMES  # 'relief_easier', ..., 'moved'
  manifests = drawn_sets.write('drawn', num_pairs=64, size_px=256, seed=0)

A set's folder holds ``manifest.jsonl``, which every command that takes a
manifest reads, the pictures, and ``masks/NAME.png`` of each pair. A pair is
drawn again where its defect reaches the rim, which registration may leave
without a partner, or where nothing can be seen of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import jax
import numpy as np

from zeroshot import rng
from zeroshot.data import pictures
from zeroshot.runtime import atomic_files, progress
from zeroshot.synthesis import suites
from zeroshot.types import HostArray, JsonObject, Pair

RIM_PX = 8  # of a picture, in which no defect lies
JOIN_PX = 6  # pixels of a mask so far apart at most are of one defect
_MIN_PX = 6  # of a defect's mask
_MIN_MOVED_PX = 30
_BATCH = 8
_MAX_BATCHES_PER_PAIR = 8  # where that many are in vain, nothing can be drawn


class DrawnSet(NamedTuple):
  """A set: a level of nuisances and what differs; see ``suites.SUITES``."""

  level: str
  suite: str

  @property
  def name(self) -> str:
    """Of its folder: the suite, and the level where it has several."""
    levels = [level for level in suites.SUITES if self.suite in _of(level)]
    return self.suite if len(levels) == 1 else f'{self.suite}_{self.level}'


def _of(level: str) -> Sequence[str]:
  return suites.SUITES[level]


SETS = tuple(
  DrawnSet(level, suite) for level in suites.SUITES for suite in _of(level)
)
NAMES = tuple(each.name for each in SETS)


def write(
  out: Path,
  *,
  num_pairs: int = 64,
  size_px: int = 256,
  seed: int = 0,
  names: Sequence[str] = NAMES,
) -> dict[str, Path]:
  """Draws the sets that are not there yet.

  Args:
    out: folder of the sets' folders; made where it is missing.
    num_pairs: of each set.
    size_px: side of the pictures.
    seed: of all sets; each draws other pairs by it.
    names: of the sets to draw.

  Returns:
    The manifest of each set by name.

  Raises:
    ValueError: there is no such set, the number is not positive, a folder
      holds a set that was drawn otherwise, or ``size_px`` cannot be drawn.
  """
  unknown = sorted(set(names) - set(NAMES))
  if unknown:
    raise ValueError(f'there is no set {unknown}; give some of {NAMES}')
  if num_pairs < 1:
    raise ValueError(f'num_pairs is {num_pairs}; give 1 or more')
  made = dict(
    version=suites.VERSION, num_pairs=num_pairs, size_px=size_px, seed=seed
  )
  missing = [
    each
    for each in SETS
    if each.name in names and not _is_there(out / each.name, made)
  ]
  for level in dict.fromkeys(each.level for each in missing):
    draw = jax.jit(suites.build(level, size_px=size_px))
    for each in missing:
      if each.level == level:
        _write_set(out / each.name, each, draw, made)
  return {name: out / name / 'manifest.jsonl' for name in names}


def boxes_of(mask: HostArray, *, as_one: bool = False) -> list[list[int]]:
  """The boxes of a mask's defects.

  Args:
    mask: ``[H, W]``, not 0 where the pictures differ.
    as_one: whether all of it is one defect.

  Returns:
    x1, y1, x2, y2 of each, its first and its last pixel; specks of fewer than
    6 pixels have none.
  """
  differs = np.asarray(mask != 0, np.uint8)
  labels: HostArray = differs.astype(np.int32)
  if not as_one:
    disc = cv2.getStructuringElement(
      cv2.MORPH_ELLIPSE, (JOIN_PX + 1, JOIN_PX + 1)
    )
    labels *= cv2.connectedComponents(cv2.dilate(differs, disc))[1]
  boxes = []
  for number in range(1, labels.max(initial=0) + 1):
    y, x = np.nonzero(labels == number)
    if len(y) >= _MIN_PX:
      boxes.append([int(v) for v in (x.min(), y.min(), x.max(), y.max())])
  return boxes


def _is_there(folder: Path, made: JsonObject) -> bool:
  """Whether a folder holds the set; refuses one that holds another."""
  record = folder / 'drawn.json'
  if not record.is_file():
    return False
  drawn = json.loads(record.read_text())
  if drawn != made:
    raise ValueError(
      f'{folder} holds a set that was drawn by {drawn}, not by {made}; give '
      'another folder, or remove this one'
    )
  return True


def _write_set(
  folder: Path,
  drawn: DrawnSet,
  draw: Callable[..., Pair],
  made: JsonObject,
) -> None:
  """Writes the pictures, the manifest and, last, what the set was drawn by."""
  (folder / 'masks').mkdir(parents=True, exist_ok=True)
  lines, total = [], made['num_pairs']
  with progress.progress_bar(
    drawn.name, total=total, done=0, unit='pairs'
  ) as advance:
    for number, drawn_pair in enumerate(_pairs(drawn, draw, made)):
      reference, test, mask = drawn_pair
      name = f'{drawn.name}_{number:04}'
      files = dict(reference=f'{name}_reference.png', test=f'{name}_test.png')
      pictures.write_picture(folder / files['reference'], reference)
      pictures.write_picture(folder / files['test'], test)
      pictures.write_picture(folder / 'masks' / f'{name}.png', mask)
      boxes = boxes_of(mask, as_one=drawn.suite == 'moved')
      line = dict(name=name, **files, group=drawn.name, boxes=boxes)
      lines.append(json.dumps(line) + '\n')
      advance(number + 1)
  atomic_files.write_text(folder / 'manifest.jsonl', ''.join(lines))
  atomic_files.write_json(folder / 'drawn.json', made)


def _pairs(
  drawn: DrawnSet, draw: Callable[..., Pair], made: JsonObject
) -> Iterator[tuple[HostArray, HostArray, HostArray]]:
  """Reference, test and mask of as many usable pairs as are asked for."""
  stream = f'benchmark/{drawn.level}/{drawn.suite}'
  suite, left = _of(drawn.level).index(drawn.suite), made['num_pairs']
  most = left * _MAX_BATCHES_PER_PAIR
  for first in range(0, most * _BATCH, _BATCH):
    keys = rng.example_keys(made['seed'], stream, 0, first=first, count=_BATCH)
    batch = jax.device_get(draw(keys, suite))
    for fields in zip(batch.reference, batch.test, batch.mask, strict=True):
      if left and _is_usable(fields[2], drawn.suite):
        left -= 1
        yield fields
    if not left:
      return
  raise ValueError(
    f'set {drawn.name}: too few of its pairs can be used at size_px='
    f'{made["size_px"]}; give a larger one'
  )


def _is_usable(mask: HostArray, suite: str) -> bool:
  """Whether a defect can be seen, and lies off the rim."""
  if suite == 'good':
    return not mask.any()
  if suite == 'moved' and mask.sum() < _MIN_MOVED_PX:
    return False
  inner = mask[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX]
  return bool(inner.sum() == mask.sum()) and bool(boxes_of(mask))
