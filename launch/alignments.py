"""Counts how often pictures moved by a known amount are aligned right.

  python -m launch.alignments --pictures=photographs --num_cases=1000

Prints one JSON object: for each kind of move how many of the cases were within
1 px, refused, off with a warning, and off without a word; ``other`` (another
picture) and ``mirrored`` must be refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from absl import flags

from zeroshot.data import pictures
from zeroshot.profiling import alignments
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Measures the pictures of a folder."""
  del argv
  options = flags.FLAGS
  paths = pictures.list_pictures(options.pictures)
  if len(paths) < 2:
    raise ValueError(f'{options.pictures} holds one picture; give two and more')
  outcomes = alignments.measure(
    paths, num_cases=options.num_cases, seed=options.seed
  )
  print(json.dumps({kind: n._asdict() for kind, n in outcomes.items()}))


if __name__ == '__main__':
  flags.DEFINE_string('pictures', None, 'Folder of pictures.', required=True)
  flags.DEFINE_integer('num_cases', 1000, 'Cases of known moves.', 1)
  flags.DEFINE_integer('seed', 0, 'Of the moves.')
  cli.run(main)
