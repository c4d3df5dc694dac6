"""The sets of pairs that a benchmark measures on.

sets = benchmark_sets.drawn(Path('drawn'), num_pairs=64, size_px=256, seed=0)
sets += benchmark_sets.real(Path('real_pairs'), develop=('katm10',))
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from zeroshot.data import deeppcb, manifest, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.evaluate import drawn_sets
from zeroshot.types import JsonObject

REAL = ('different', 'nochange')  # folders of real pairs, with a manifest each
NOT_DRAWN = (
  'real_different',
  'real_nochange_develop',
  'real_nochange_measure',
  'deeppcb',
)


class BenchmarkSet(NamedTuple):
  """Pairs of one kind.

  Attributes:
    name: unique in the benchmark.
    about: a sentence for the table.
    pairs: labelled; those of which nothing differs have no box.
    masks: folder of ``NAME.png`` for the pixel metrics, or None.
    annotated: whether the boxes are DeepPCB's, for its official AP.
  """

  name: str
  about: str
  pairs: Sequence[LabelledPair]
  masks: Path | None = None
  annotated: bool = False

  def fingerprint(self) -> str:
    """A digest of the pairs' names, files and boxes."""
    lines = [
      (pair.name, str(pair.test_path.absolute()), pair.truth.xyxy.tolist())
      for pair in self.pairs
    ]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


_ABOUT = {
  'relief_easier': 'Things with height and gloss, mild nuisances.',
  'relief_harder': 'The same, smaller and fainter defects, strong nuisances.',
  'good_easier': 'Two takes in which nothing differs, mild nuisances.',
  'good_harder': 'The same, strong nuisances.',
  'colour': 'Another colour of equal brightness, 10 to 44 px.',
  'faint': 'Pale stains, down to three times the noise.',
  'thin': 'Hairs and two-toned scratches, 0.4 to 0.95 px wide.',
  'moved': 'One whole part that is moved by 4.5 to 14 px.',
}


def drawn(
  folder: Path,
  *,
  num_pairs: int,
  size_px: int,
  seed: int,
  names: Sequence[str] = drawn_sets.NAMES,
) -> list[BenchmarkSet]:
  """The drawn sets; those that are missing are drawn.

  Args:
    folder: of the sets' folders.
    num_pairs: of each set.
    size_px: side of the pictures.
    seed: of all sets.
    names: of the sets.

  Raises:
    ValueError: see ``drawn_sets.write``.
  """
  manifests = drawn_sets.write(
    folder, num_pairs=num_pairs, size_px=size_px, seed=seed, names=names
  )
  return [
    BenchmarkSet(
      name,
      _ABOUT[name],
      manifest.read_manifest(path),
      masks=path.parent / 'masks',
    )
    for name, path in manifests.items()
  ]


def real(folder: Path, *, develop: Collection[str]) -> list[BenchmarkSet]:
  """Real pairs, those without a difference split by their source.

  Args:
    folder: with ``different/`` and ``nochange/``, each with ``manifest.jsonl``
      and ``pairs.json``, whose ``group`` is the source of a pair.
    develop: sources that settings may be chosen by; the others measure.

  Raises:
    ValueError: a file is missing or malformed.
  """
  different, nochange = (
    manifest.read_manifest(folder / name / 'manifest.jsonl') for name in REAL
  )
  readable.check_pairs([*different, *nochange], sizes_may_differ=True)
  sources = _sources(folder / 'nochange' / 'pairs.json')
  unknown = sorted(set(develop) - set(sources.values()))
  if unknown:
    raise ValueError(
      f'{folder}: there is no source {", ".join(unknown)}; the sources are '
      f'{", ".join(sorted(set(sources.values())))}'
    )
  develops = [sources.get(pair.name) in develop for pair in nochange]
  named = ', '.join(sorted(develop)) or 'none'
  return [
    BenchmarkSet(NOT_DRAWN[0], 'Real pairs with differences.', different),
    BenchmarkSet(
      NOT_DRAWN[1],
      f'Real pairs without one, of sources that develop: {named}.',
      [pair for pair, own in zip(nochange, develops, strict=True) if own],
    ),
    BenchmarkSet(
      NOT_DRAWN[2],
      'Real pairs without one, of all other sources.',
      [pair for pair, own in zip(nochange, develops, strict=True) if not own],
    ),
  ]


def boards(root: str, *, every: int) -> BenchmarkSet:
  """Pairs of DeepPCB's trainval list.

  Args:
    root: folder of the split lists and groups.
    every: takes every n-th pair.

  Raises:
    ValueError: see ``deeppcb.list_pairs``.
  """
  entries = deeppcb.list_pairs(
    root, 'trainval', groups='', every=every, max_pairs=0
  )
  about = f'Bare boards of DeepPCB, every pair of {every} of trainval.'
  return BenchmarkSet(
    NOT_DRAWN[3], about, manifest.labelled_pairs(entries), annotated=True
  )


def _sources(path: Path) -> dict[str, str]:
  """The source of each pair by its name."""
  try:
    records: list[JsonObject] = json.loads(path.read_text())
    return {record['name']: record['group'] for record in records}
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{path}: {error}; give a list of objects with name and group, the '
      'source of each pair'
    ) from error
