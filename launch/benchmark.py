"""Milliseconds per pair, stage by stage: the installed runtimes side by side.

  python -m launch.benchmark [--weights=default] [--onnx=part.onnx]
      [--size_px=640] [--repeats=20] [--reference=good.png --test=part.png]

The same pair goes through the same code, from its two files to its boxes, in
JAX, ONNX Runtime and (if installed) OpenVINO by turns; only the network runs
elsewhere. Without pictures of your own a board with defects is drawn; with
``--onnx`` ONNX Runtime runs that file of ``zeroshot export``. The first pair
has a row of its own: each runtime inspects it in a new process, which loads the
network and compiles, but does not count Python's imports. All runtimes use all
cores. Other load on the machine is part of the times.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import flags

from zeroshot.boards import pairs
from zeroshot.profiling import runtimes
from zeroshot.runtime import cli

Load = Callable[[str | Path], runtimes.TimedDetector]


def main(argv: Sequence[str]) -> None:
  """Measures each runtime and prints two tables."""
  del argv
  options = flags.FLAGS
  if (options.reference is None) != (options.test is None):
    raise ValueError('give both --reference and --test, or neither')
  loads: dict[str, tuple[Load, str]] = {
    name: (functools.partial(runtimes.load, name), options.weights)
    for name in runtimes.installed()
  }
  if options.onnx is not None:
    loads['onnxruntime'] = runtimes.load_onnx, options.onnx
  with tempfile.TemporaryDirectory() as folder:
    pair = (options.reference, options.test)
    if options.test is None:
      pair = pairs.write_pair(Path(folder), size_px=options.size_px)
    timed = [load(source) for load, source in loads.values()]
    for each in timed:
      runtimes.time_stages(each, *pair)  # compiles, and refuses what is no pair
    times = runtimes.time_alternately(timed, *pair, repeats=options.repeats)
    first_pair_s = {
      each.name: runtimes.time_first_pair_in_new_process(load, source, pair)
      for each, (load, source) in zip(timed, loads.values(), strict=True)
    }
  print(runtimes.to_markdown(times, first_pair_s))
  print(f'\n{runtimes.describe_machine()}')


if __name__ == '__main__':
  flags.DEFINE_string('weights', 'default', 'Name or file of weights.')
  flags.DEFINE_string('onnx', None, 'File of zeroshot export for ONNX Runtime.')
  flags.DEFINE_integer(
    'size_px', 640, 'Side of the drawn pair.', lower_bound=128
  )
  flags.DEFINE_integer('repeats', 20, 'Pairs that are timed.', lower_bound=1)
  flags.DEFINE_string('reference', None, 'Picture of a good part.')
  flags.DEFINE_string('test', None, 'Picture of a part under test.')
  cli.run(main)
