"""Draws the pairs of the benchmark into folders, each with a manifest.

  python -m launch.draw_benchmark --out=drawn [--num_pairs=64] [--size_px=256] \
      [--seed=0] [--sets=colour,faint]

The sets are relief pairs with an easier and a harder half of nuisances, one
kind of defect each (colour alone at equal brightness, faint, thin, moved), and
good pairs. ``launch.detection_benchmark`` draws them itself;
``launch.evaluate --config.eval.manifest=drawn/colour/manifest.jsonl`` and
``zeroshot inspect --manifest`` read them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.evaluate import drawn_sets
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Draws what is missing and prints the manifests."""
  del argv
  options = flags.FLAGS
  manifests = drawn_sets.write(
    Path(options.out),
    num_pairs=options.num_pairs,
    size_px=options.size_px,
    seed=options.seed,
    names=options.sets,
  )
  for manifest in manifests.values():
    print(manifest)


if __name__ == '__main__':
  flags.DEFINE_string('out', None, 'Folder for the sets.', required=True)
  flags.DEFINE_integer('num_pairs', 64, 'Of each set.', lower_bound=1)
  flags.DEFINE_integer('size_px', 256, 'Side of the pictures.')
  flags.DEFINE_integer('seed', 0, 'Of all sets.')
  flags.DEFINE_list('sets', list(drawn_sets.NAMES), 'Sets to draw.')
  cli.run(main)
