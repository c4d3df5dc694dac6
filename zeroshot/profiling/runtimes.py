"""Milliseconds per pair, stage by stage, in JAX and in ONNX Runtime.

  timed = runtimes.load_jax('default'), runtimes.load_onnx('part.onnx')
  times = runtimes.time_alternately(timed, 'good.png', 'part.png', repeats=20)
  print(runtimes.to_markdown(times, {'JAX': 3.5, 'ONNX Runtime': 1.2}))

Both runtimes go through the same code from two files to boxes; only the network
runs elsewhere. Both use all cores. Other load on the machine is part of the
times.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections
import numpy as np

from zeroshot.data import pictures
from zeroshot.detect import calibration, scorers
from zeroshot.export import network, onnx_format, runner
from zeroshot.inspection.detector import Detector
from zeroshot.report.markdown_table import markdown_table
from zeroshot.runtime import machine, provenance
from zeroshot.types import HostArray
from zeroshot.weights import files

STAGES = ('read', 'register', 'score', 'boxes')
_MIN_SIZE_PX = 192


class TimedDetector(NamedTuple):
  """A detector that records the calls of its network.

  Attributes:
    name: of the runtime, for the table.
    detector: reads, registers, scores and draws boxes.
    calls: begin and end of each call of the network, seconds of
      ``time.perf_counter``; each call appends to it.
  """

  name: str
  detector: Detector
  calls: list[tuple[float, float]]


def time_alternately(
  timed: Sequence[TimedDetector],
  reference: str | Path,
  test: str | Path,
  *,
  repeats: int,
) -> dict[str, dict[str, list[float]]]:
  """Times the detectors in turn, so that other load affects all alike.

  Args:
    timed: already compiled.
    reference: picture file.
    test: picture file.
    repeats: how many pairs each inspects.

  Returns:
    For each detector and stage, and ``'all'``, milliseconds of each pair.
  """
  times: dict[str, dict[str, list[float]]] = {
    each.name: {stage: [] for stage in (*STAGES, 'all')} for each in timed
  }
  for _ in range(repeats):
    for each in timed:
      stages = time_stages(each, reference, test)
      for stage, value in {**stages, 'all': sum(stages.values())}.items():
        times[each.name][stage].append(value)
  return times


def time_stages(
  timed: TimedDetector, reference: str | Path, test: str | Path
) -> dict[str, float]:
  """Milliseconds of each stage of one pair.

  The first call of the network ends registration, and the last one begins the
  boxes; what happens between the tiles of a large picture counts as ``score``.
  """
  timed.calls.clear()
  start = time.perf_counter()
  # As they are stored, which is how ``Detector.inspect`` reads them.
  pair = pictures.read_pixels(reference), pictures.read_pixels(test)
  read = time.perf_counter()
  timed.detector.inspect(*pair)
  end = time.perf_counter()
  moments = [start, read, timed.calls[0][0], timed.calls[-1][1], end]
  spans = [1e3 * float(span) for span in np.diff(moments)]
  return dict(zip(STAGES, spans, strict=True))


def time_first_pair_in_new_process(
  load: Callable[[str | Path], TimedDetector],
  source: str | Path,
  pair: tuple[str | Path, str | Path],
) -> float:
  """``time_first_pair`` where nothing is compiled or loaded yet."""
  with concurrent.futures.ProcessPoolExecutor(
    1, mp_context=multiprocessing.get_context('spawn')
  ) as pool:
    return pool.submit(time_first_pair, load, source, pair).result()


def time_first_pair(
  load: Callable[[str | Path], TimedDetector],
  source: str | Path,
  pair: tuple[str | Path, str | Path],
) -> float:
  """Seconds from a detector's file to the boxes of its first pair.

  Args:
    load: makes the detector; ``load_jax`` or ``load_onnx``.
    source: its argument.
    pair: picture files, reference and test.
  """
  for name in ('jax', 'onnxruntime'):  # so that neither pays for its import
    importlib.import_module(name)
  start = time.perf_counter()
  time_stages(load(source), *pair)
  return time.perf_counter() - start


def load_jax(source: str | Path) -> TimedDetector:
  """The network in JAX, of a name or a file of weights.

  Raises:
    ValueError: the weights have no threshold.
  """
  weights = files.load(source)
  config = ml_collections.ConfigDict(weights.config)
  if weights.calibration is None:
    raise ValueError('the weights have no threshold; see launch.calibrate')
  scorer, calls = record_calls(
    scorers.network_scorer(config.model, weights.parameters)
  )
  fitted = calibration.from_plain(weights.calibration)
  return TimedDetector(
    'JAX',
    Detector(scorer, config.detect, fitted, threshold=fitted.threshold),
    calls,
  )


def load_onnx(path: str | Path) -> TimedDetector:
  """The network in ONNX Runtime, of a file of ``zeroshot export``."""
  plain, metadata = runner.load_scorer(path, num_threads=machine.usable_cores())
  scorer, calls = record_calls(plain)
  return TimedDetector(
    'ONNX Runtime', runner.build_detector(scorer, metadata), calls
  )


def record_calls(
  scorer: scorers.Scorer,
) -> tuple[scorers.Scorer, list[tuple[float, float]]]:
  """A scorer that records the begin and end of its calls, and the record."""
  calls: list[tuple[float, float]] = []

  def score(reference: HostArray, test: HostArray) -> HostArray:
    start = time.perf_counter()
    layers = scorer.score(reference, test)
    calls.append((start, time.perf_counter()))
    return layers

  return scorer._replace(score=score), calls


def to_markdown(
  times: Mapping[str, Mapping[str, Sequence[float]]],
  first_pair_s: Mapping[str, float],
) -> str:
  """A Markdown table: median (minimum to maximum) of each stage.

  Args:
    times: of ``time_alternately``.
    first_pair_s: of ``time_first_pair``, for each detector.
  """
  rows = [
    [
      stage,
      *(
        f'{np.median(stages[stage]):.1f} '
        f'({min(stages[stage]):.1f} to {max(stages[stage]):.1f})'
        for stages in times.values()
      ),
    ]
    for stage in (*STAGES, 'all')
  ]
  first_pair = [f'{1e3 * first_pair_s[name]:.0f}' for name in times]
  rows.append(['first pair, loading included', *first_pair])
  return markdown_table(['ms per pair', *times], rows, num_left=1)


def describe_machine() -> str:
  """Hardware, load and versions behind the times, in one line."""
  facts = provenance.hardware()
  onnxruntime = importlib.import_module('onnxruntime')
  load = f'{os.getloadavg()[0]:.1f}' if hasattr(os, 'getloadavg') else 'unknown'
  return (
    f'{facts["processor"]}, {facts["cores"]} cores, load {load}; JAX '
    f'{facts["jax"]}, ONNX Runtime {onnxruntime.__version__}; commit '
    f'{provenance.label(provenance.commit())}.'
  )


def export_onnx(name: str, test: str | Path, folder: Path) -> Path:
  """Exports weights at the size of a picture, see ``export_size``.

  Args:
    name: name or file of weights.
    test: picture file.
    folder: to write ``model.onnx`` into.
  """
  weights = files.load(name)
  height, width = export_size(
    pictures.read_pixels(test).shape[:2],
    tile_px=weights.config['detect']['tile_px'],
  )
  path = folder / 'model.onnx'
  path.write_bytes(
    onnx_format.convert(
      network.build(weights, name, height=height, width=width)
    )
  )
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
