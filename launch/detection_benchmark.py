"""Measures weights and baselines on drawn, real and board pairs.

  python -m launch.detection_benchmark --weights=default --out=results \
      [--deeppcb=PCBData --every=10] [--num_pairs=64] [--sheets=24]

Drawn pairs are of a fixed seed and are drawn once, into ``--drawn``: relief
pairs with an easier and a harder half, colour alone, faint, thin and moved
defects, and good pairs. Real pairs are read in place from ``--real``, if it is
there. Every table has the baselines, after the same registration. ``--out``
gets ``benchmark.json``, ``benchmark.md`` and, with ``--sheets``, the worst
false alarms and misses of each set. The same command goes on where it was
stopped; docs/benchmark.md tells what is measured, and has the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from configs import default
from zeroshot.detect import scorers
from zeroshot.evaluate import drawn_sets
from zeroshot.experiments import benchmark, benchmark_report, benchmark_sets
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Measures all sets and prints the tables."""
  del argv
  options, out = flags.FLAGS, Path(flags.FLAGS.out)
  config = default.get_config()
  methods = [
    benchmark.load_method(config, name)
    for name in (*options.weights, *options.baselines)
  ]
  sets, notes = list_sets()
  records = benchmark.run(methods, sets, out, sheet_tiles=options.sheets)
  benchmark_report.write(out, records, notes=notes)
  print(benchmark_report.to_markdown(records, notes))


def list_sets() -> tuple[list[benchmark_sets.BenchmarkSet], list[str]]:
  """The sets that the flags name, and what is left out."""
  options, notes = flags.FLAGS, []
  chosen = options.sets or [*drawn_sets.NAMES, *benchmark_sets.NOT_DRAWN]
  unknown = {*chosen} - {*drawn_sets.NAMES, *benchmark_sets.NOT_DRAWN}
  if unknown:
    raise ValueError(
      f'--sets: there is no {", ".join(sorted(unknown))}; there are '
      f'{", ".join((*drawn_sets.NAMES, *benchmark_sets.NOT_DRAWN))}'
    )
  sets = benchmark_sets.drawn(
    Path(options.drawn or Path(options.out) / 'drawn'),
    num_pairs=options.num_pairs,
    size_px=options.size_px,
    seed=options.seed,
    names=[name for name in drawn_sets.NAMES if name in chosen],
  )
  real = Path(options.real)
  if real.is_dir():
    sets += benchmark_sets.real(real, develop=options.develop)
  else:
    notes.append(
      f'No real pairs were measured: there is no folder {real}; --real names '
      'one with different/ and nochange/.'
    )
  if options.deeppcb:
    sets.append(benchmark_sets.boards(options.deeppcb, every=options.every))
  else:
    notes.append('No boards were measured: --deeppcb names their folder.')
  return [each for each in sets if each.name in chosen], notes


if __name__ == '__main__':
  flags.DEFINE_list('weights', ['default'], 'Names or files, by commas.')
  flags.DEFINE_list(
    'baselines', list(scorers.BASELINES), 'Baselines in every table.'
  )
  flags.DEFINE_string('out', None, 'Folder for the results.', required=True)
  flags.DEFINE_string('drawn', None, 'Folder of drawn sets; by default in out.')
  flags.DEFINE_integer('num_pairs', 64, 'Of each drawn set.', lower_bound=1)
  flags.DEFINE_integer('size_px', 256, 'Side of drawn pictures.')
  flags.DEFINE_integer('seed', 0, 'Of the drawn sets.')
  flags.DEFINE_string('real', '../shared/real_pairs', 'Folder of real pairs.')
  flags.DEFINE_list(
    'develop',
    ['katm10', 'PetteriAimonen', 'YertleTurtleGit'],
    'Sources of real pairs that settings may be chosen by.',
  )
  flags.DEFINE_string('deeppcb', None, "DeepPCB's folder of lists and groups.")
  flags.DEFINE_integer('every', 10, 'Every n-th pair of it.', lower_bound=1)
  flags.DEFINE_list('sets', [], 'Measures these alone; by default all.')
  flags.DEFINE_integer(
    'sheets', 0, 'Failures on each contact sheet; 0: none.', lower_bound=0
  )
  cli.run(main)
