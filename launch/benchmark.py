"""Milliseconds per pair, stage by stage: JAX and ONNX Runtime side by side.

  python -m launch.benchmark [--weights=default] [--onnx=part.onnx]
      [--size_px=640] [--repeats=20] [--reference=good.png --test=part.png]

The same pair goes through the same code, from its two files to its boxes, by
turns through either runtime; only the network runs elsewhere. Without pictures
of your own a board with defects is drawn, without ``--onnx`` the weights are
exported first, at the size of the pair. The first pair is told apart: each
runtime has it in a fresh process, with the loading of the network and what it
compiles, but without Python's imports. Both take all cores. Whatever else the
machine is doing is part of the times.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections
import numpy as np
from absl import flags

from zeroshot.boards import defects, painter
from zeroshot.data import deeppcb, pictures
from zeroshot.detect import calibration, scorers
from zeroshot.export import network, onnx_format, runner
from zeroshot.inspection.detector import Detector
from zeroshot.runtime import cli, machine, provenance
from zeroshot.types import HostArray
from zeroshot.weights import files

STAGES = ('read', 'register', 'score', 'boxes')
_MIN_SIZE_PX = 192


class Contestant(NamedTuple):
  """A runtime with its network.

  Attributes:
    name: for the table.
    detector: all the rest.
    marks: begin and end of each call of the network, seconds of
      ``time.perf_counter``; the contestant adds to it.
  """

  name: str
  detector: Detector
  marks: list[tuple[float, float]]


def main(argv: Sequence[str]) -> None:
  """Measures both runtimes and prints two tables."""
  del argv
  options = flags.FLAGS
  if (options.reference is None) != (options.test is None):
    raise ValueError('give both --reference and --test, or neither')
  with tempfile.TemporaryDirectory() as folder:
    pair = (options.reference, options.test)
    if options.test is None:
      pair = draw_pair(Path(folder), size_px=options.size_px)
    start = time.perf_counter()
    model = options.onnx or _export(options.weights, pair, Path(folder))
    export_seconds = time.perf_counter() - start
    contestants = jax_contestant(options.weights), onnx_contestant(model)
    for contestant in contestants:
      measure(contestant, *pair)  # compiles, and refuses what is no pair
    found = race(contestants, *pair, repeats=options.repeats)
    first = {
      'JAX': in_fresh_process(jax_contestant, options.weights, pair),
      'ONNX Runtime': in_fresh_process(onnx_contestant, model, pair),
    }
  print(table(found, first))
  if options.onnx is None:
    print(f'\nThe export took {export_seconds:.1f} s.')
  print(f'\n{circumstances()}')


def race(
  contestants: Sequence[Contestant],
  reference: str | Path,
  test: str | Path,
  *,
  repeats: int,
) -> dict[str, dict[str, list[float]]]:
  """Times each by turns, so that what else the machine does hits all alike.

  Args:
    contestants: compiled.
    reference: picture file.
    test: picture file.
    repeats: how many pairs each inspects.

  Returns:
    For each contestant and stage, and ``'all'``, milliseconds of each pair.
  """
  found: dict[str, dict[str, list[float]]] = {
    c.name: {stage: [] for stage in (*STAGES, 'all')} for c in contestants
  }
  for _ in range(repeats):
    for contestant in contestants:
      times = measure(contestant, reference, test)
      for stage, value in {**times, 'all': sum(times.values())}.items():
        found[contestant.name][stage].append(value)
  return found


def measure(
  contestant: Contestant, reference: str | Path, test: str | Path
) -> dict[str, float]:
  """Milliseconds of each stage of one pair.

  The network's calls mark where registration ends and where boxes begin; what
  happens between the tiles of a large picture counts as ``score``.
  """
  contestant.marks.clear()
  start = time.perf_counter()
  # As they are stored, which is how ``Detector.inspect`` reads them.
  pair = pictures.read_pixels(reference), pictures.read_pixels(test)
  ready = time.perf_counter()
  contestant.detector.inspect(*pair)
  end = time.perf_counter()
  times = [start, ready, contestant.marks[0][0], contestant.marks[-1][1], end]
  spans = [1e3 * float(span) for span in np.diff(times)]
  return dict(zip(STAGES, spans, strict=True))


def in_fresh_process(
  make: Callable[[str | Path], Contestant],
  source: str | Path,
  pair: tuple[str | Path, str | Path],
) -> float:
  """``first_pair`` where nothing is compiled, loaded or warm yet."""
  with concurrent.futures.ProcessPoolExecutor(
    1, mp_context=multiprocessing.get_context('spawn')
  ) as pool:
    return pool.submit(first_pair, make, source, pair).result()


def first_pair(
  make: Callable[[str | Path], Contestant],
  source: str | Path,
  pair: tuple[str | Path, str | Path],
) -> float:
  """Seconds from a contestant's file to the boxes of its first pair.

  Args:
    make: makes the contestant.
    source: that it makes it from.
    pair: picture files, reference and test.
  """
  for name in ('jax', 'onnxruntime'):  # so that neither pays for its import
    importlib.import_module(name)
  start = time.perf_counter()
  measure(make(source), *pair)
  return time.perf_counter() - start


def jax_contestant(source: str | Path) -> Contestant:
  """The network in JAX, of a name or a file of weights."""
  weights = files.load(source)
  config = ml_collections.ConfigDict(weights.config)
  if weights.calibration is None:
    raise ValueError('the weights have no threshold; see launch.calibrate')
  scorer, marks = _marked(
    scorers.network_scorer(config.model, weights.parameters)
  )
  fitted = calibration.from_plain(weights.calibration)
  ready = Detector(scorer, config.detect, fitted, threshold=fitted.threshold)
  return Contestant('JAX', ready, marks)


def onnx_contestant(path: str | Path) -> Contestant:
  """The network in ONNX Runtime."""
  plain, metadata = runner.load_scorer(path, num_threads=machine.usable_cores())
  scorer, marks = _marked(plain)
  return Contestant(
    'ONNX Runtime', runner.build_detector(scorer, metadata), marks
  )


def _marked(
  scorer: scorers.Scorer,
) -> tuple[scorers.Scorer, list[tuple[float, float]]]:
  """A scorer that notes when it begins and ends, and its notes."""
  marks: list[tuple[float, float]] = []

  def score(reference: HostArray, test: HostArray) -> HostArray:
    start = time.perf_counter()
    layers = scorer.score(reference, test)
    marks.append((start, time.perf_counter()))
    return layers

  return scorer._replace(score=score), marks


def draw_pair(folder: Path, *, size_px: int) -> tuple[Path, Path]:
  """Writes a drawn board, and one with every kind of defect; their files."""
  rng = np.random.default_rng(0)
  board = painter.draw(rng, size_px=size_px)
  copper, _ = defects.add(rng, board, kinds=deeppcb.KINDS)
  paths = folder / 'good.png', folder / 'part.png'
  pictures.write_picture(
    paths[0], painter.photograph(rng, board.copper, shift_px=2.0)
  )
  pictures.write_picture(
    paths[1], painter.photograph(rng, copper, shift_px=0.0)
  )
  return paths


def table(
  found: dict[str, dict[str, list[float]]], first: dict[str, float]
) -> str:
  """A Markdown table: median (least to most) of each stage.

  Args:
    found: of ``race``.
    first: of ``first_pair``, for each contestant.
  """
  lines = [
    f'| ms per pair | {" | ".join(found)} |',
    f'|---{"|---:" * len(found)}|',
  ]
  for stage in (*STAGES, 'all'):
    cells = [
      f'{np.median(times[stage]):.1f} '
      f'({min(times[stage]):.1f} to {max(times[stage]):.1f})'
      for times in found.values()
    ]
    lines.append(f'| {stage} | {" | ".join(cells)} |')
  cells = [f'{1e3 * first[name]:.0f}' for name in found]
  lines.append(f'| first pair, loading included | {" | ".join(cells)} |')
  return '\n'.join(lines)


def circumstances() -> str:
  """What ran it, and what else ran."""
  facts: dict[str, Any] = provenance.hardware()
  load = f'{os.getloadavg()[0]:.1f}' if hasattr(os, 'getloadavg') else 'unknown'
  import onnxruntime

  return (
    f'{facts["processor"]}, {facts["cores"]} cores, load {load}; JAX '
    f'{facts["jax"]}, ONNX Runtime {onnxruntime.__version__}; commit '
    f'{provenance.label(provenance.commit())}.'
  )


def _export(
  name: str, pair: tuple[str | Path, str | Path], folder: Path
) -> Path:
  """Exports the weights at the pair's size; see ``export_size``."""
  weights = files.load(name)
  height, width = export_size(
    pictures.read_pixels(pair[1]).shape[:2],
    tile_px=weights.config['detect']['tile_px'],
  )
  found = network.build(weights, name, height=height, width=width)
  path = folder / 'model.onnx'
  path.write_bytes(onnx_format.convert(found))
  return path


def export_size(size: tuple[int, ...], *, tile_px: int) -> tuple[int, ...]:
  """Height and width, pixels, of the network that takes a picture whole.

  Args:
    size: height and width of the picture.
    tile_px: a picture with a longer side goes through tiles of this side.
  """
  if max(size) > tile_px:
    size = tile_px, tile_px
  return tuple(max(side + -side % 64, _MIN_SIZE_PX) for side in size)


if __name__ == '__main__':
  flags.DEFINE_string('weights', 'default', 'Name or file of weights.')
  flags.DEFINE_string(
    'onnx', None, 'File of zeroshot export, to save its time.'
  )
  flags.DEFINE_integer(
    'size_px', 640, 'Side of the drawn pair.', lower_bound=128
  )
  flags.DEFINE_integer('repeats', 20, 'Pairs that are timed.', lower_bound=1)
  flags.DEFINE_string('reference', None, 'Picture of a good part.')
  flags.DEFINE_string('test', None, 'Picture of a part under test.')
  cli.run(main)
