"""Lists of pairs with known verdicts, and what became of them."""

from __future__ import annotations

import zeroshot
from configs import default
from tests import samples
from zeroshot.cluster import chunks, places
from zeroshot.detect import scorers
from zeroshot.detect.detector import build_detector


def write(folder, count):
  """Rows of equal and different pictures by turns; the last is damaged."""
  samples.write_pair(folder)
  (folder / 'cut.png').write_bytes((folder / 'part.png').read_bytes()[:-9])
  tests = [('good.png', 'part.png')[row % 2] for row in range(count - 1)]
  rows = [f'good.png,{test},n{row:03d}' for row, test in enumerate(tests)]
  lines = ['reference,test,name', *rows, f'good.png,cut.png,n{count - 1:03d}']
  (folder / 'pairs.csv').write_text('\n'.join(lines) + '\n')


def results(out):
  """The rows with a verdict, and those without, by name."""
  return tuple(
    sorted(chunks.read_rows(places.at(out) / folder), key=lambda r: r['name'])
    for folder in (chunks.RESULTS, chunks.FAILED)
  )


def check(out, count):
  """Asserts that every row of ``write`` is there exactly once."""
  done, failed = results(out)
  verdicts = {row['name']: row['verdict'] for row in done}
  assert len(done) == len(verdicts) == count - 1
  for row in range(count - 1):
    assert verdicts[f'n{row:03d}'] == ('same', 'different')[row % 2]
  assert [row['name'] for row in failed] == [f'n{count - 1:03d}']
  assert 'cut short' in failed[0]['error']


def differencing(options):
  """A detector without a network, in place of ``actor.load_detector``."""
  config = default.get_config()
  scorer = scorers.classical_scorer(config.classical.scores)
  settings = {**config.detect, 'kinds': 'none'}
  return zeroshot.Detector(
    build_detector(scorer, settings), threshold=options.threshold or 0.3
  )
