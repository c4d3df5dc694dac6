"""Checks every picture and annotation that a run would read.

  python -m data_tools.check --root=PCBDATA [--split=trainval]
  python -m data_tools.check --manifest=FILE --photographs=DIR --bank=FILE.npz

Prints one line per fault, with the file, the reason and the remedy, and a
summary. The exit status is 0 without faults, else 2.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from absl import flags

from zeroshot.data import checks
from zeroshot.runtime import cli

_FAULTY = 2


def main(argv: Sequence[str]) -> None:
  """Checks the data that the flags name."""
  del argv
  checked, count = [], 0
  for report in reports():
    checked.append(report.checked)
    count += len(report.faults)
    for fault in report.faults:
      print(' '.join(fault.split('\n')))
  if not checked:
    raise ValueError(
      'nothing to check; give --root, --manifest, --photographs or --bank'
    )
  print(f'checked {"; ".join(checked)}: {checks.count_faults(count)}')
  if count:
    sys.exit(_FAULTY)


def reports() -> Iterator[checks.Report]:
  """Yields a report for each data set that the flags name."""
  options = flags.FLAGS
  if options.root:
    yield checks.check_deeppcb(
      options.root, options.split, max_pairs=options.max_pairs
    )
  if options.manifest:
    yield checks.check_manifest(options.manifest, need_labels=True)
  if options.photographs:
    yield checks.check_photographs(options.photographs)
  if options.bank:
    yield checks.check_bank(options.bank)


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string('root', '', "DeepPCB's folder, with the split lists.")
  flags.DEFINE_string('split', 'trainval', 'List of --root, without .txt.')
  flags.DEFINE_integer(
    'max_pairs', 0, 'Number of pairs of --root to check; 0 takes all.'
  )
  flags.DEFINE_string('manifest', '', 'Labelled pairs, CSV or JSON lines.')
  flags.DEFINE_string('photographs', '', 'Folder of background photographs.')
  flags.DEFINE_string('bank', '', 'Image bank, .npz.')


if __name__ == '__main__':
  define_flags()
  cli.run(main)
