"""Draws a small set of boards in DeepPCB's layout.

  python -m data_tools.make_pairs --out=DIR --num_pairs=12 --seed=0

DIR then holds the list ``generated.txt`` and two board groups, one with
horizontal and one with vertical traces. The set serves to test the pipeline on
pictures of the right kind; nothing is trained on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags

from zeroshot.boards import painter, pairs
from zeroshot.data import deeppcb, pictures
from zeroshot.runtime import cli

GROUPS = ('90000', '90001')
SPLIT = 'generated'
MIN_SIZE_PX = 256


def main(argv: Sequence[str]) -> None:
  """Writes the data set."""
  del argv
  out = Path(flags.FLAGS.out)
  make(
    out,
    num_pairs=flags.FLAGS.num_pairs,
    seed=flags.FLAGS.seed,
    size_px=flags.FLAGS.size_px,
  )
  print(f'{flags.FLAGS.num_pairs} pairs: {out / SPLIT}.txt')


def make(out: Path, *, num_pairs: int, seed: int, size_px: int) -> None:
  """Writes pictures, annotations and the list of a generated set.

  Args:
    out: folder to write into; created if missing.
    num_pairs: number of pairs, spread evenly over the groups.
    seed: of all random choices; the same seed writes the same files.
    size_px: side of the square pictures.

  Raises:
    ValueError: a number is out of range.
  """
  if num_pairs < len(GROUPS):
    raise ValueError(f'num_pairs is {num_pairs}; give at least {len(GROUPS)}')
  if size_px < MIN_SIZE_PX:
    raise ValueError(f'size_px is {size_px}; give at least {MIN_SIZE_PX}')
  lines = []
  for index in range(num_pairs):
    group = GROUPS[index % len(GROUPS)]
    name = f'{group}{index // len(GROUPS):03d}'
    rng = np.random.default_rng((seed, index))
    _write_pair(out, group, name, rng, size_px=size_px)
    lines.append(
      f'group{group}/{group}/{name}.jpg group{group}/{group}_not/{name}.txt'
    )
  text = '\n'.join(sorted(lines)) + '\n'
  (out / f'{SPLIT}.txt').write_text(text, encoding='utf-8')


def _write_pair(
  out: Path, group: str, name: str, rng: np.random.Generator, *, size_px: int
) -> None:
  """Draws and writes one pair and its annotations."""
  board = painter.draw(rng, size_px=size_px)
  kinds = [*rng.permutation(deeppcb.KINDS), *rng.choice(deeppcb.KINDS, 3)]
  count = int(rng.integers(4, len(kinds) + 1))
  pair = pairs.photograph_pair(
    rng, board, kinds=tuple(str(kind) for kind in kinds[:count])
  )
  reference, test = pair.reference, pair.test
  rows = [
    (*defect.box, deeppcb.KINDS.index(defect.kind) + 1)
    for defect in pair.defects
  ]
  if group == GROUPS[1]:  # vertical traces: exchange x and y
    reference, test = reference.T, test.T
    rows = [(y1, x1, y2, x2, kind) for x1, y1, x2, y2, kind in rows]

  folder = out / f'group{group}' / group
  notes = out / f'group{group}' / f'{group}_not'
  folder.mkdir(parents=True, exist_ok=True)
  notes.mkdir(parents=True, exist_ok=True)
  pictures.write_picture(folder / f'{name}_temp.jpg', reference)
  pictures.write_picture(folder / f'{name}_test.jpg', test)
  text = ''.join(' '.join(map(str, row)) + '\n' for row in rows)
  (notes / f'{name}.txt').write_text(text, encoding='utf-8')


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string('out', None, 'Folder to write into.', required=True)
  flags.DEFINE_integer('num_pairs', 12, 'Number of pairs.')
  flags.DEFINE_integer('seed', 0, 'Seed of all random choices.')
  flags.DEFINE_integer('size_px', 320, 'Side of the square pictures.')


if __name__ == '__main__':
  define_flags()
  cli.run(main)
