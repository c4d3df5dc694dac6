"""Milliseconds per pair, stage by stage, in each runtime.

  timed = [runtimes.load(name, 'default') for name in runtimes.installed()]
  times = runtimes.time_alternately(timed, 'good.png', 'part.png', repeats=20)
  print(runtimes.to_markdown(times, {'JAX': 3.5, 'ONNX Runtime': 1.2}))

All go through the same code from two files to boxes; only the network runs
elsewhere. All use the cores that the process may use. Other load on the machine
is part of the times.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import importlib.metadata
import importlib.util
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zeroshot.data import pictures
from zeroshot.detect import calibration, onnx_sessions, scorers
from zeroshot.detect.detector import build_detector
from zeroshot.export import runner
from zeroshot.inspection import loading
from zeroshot.inspection.detector import Detector
from zeroshot.report.markdown_table import markdown_table
from zeroshot.runtime import machine, provenance
from zeroshot.types import HostArray
from zeroshot.weights import files

STAGES = ('read', 'register', 'score', 'boxes')
RUNTIMES = {
  'jax': 'JAX',
  'onnxruntime': 'ONNX Runtime',
  'openvino': 'OpenVINO',
}


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
    load: makes the detector; ``load`` of a runtime, or ``load_onnx``.
    source: its argument.
    pair: picture files, reference and test.
  """
  for name in installed():  # so that none pays for its import
    if name == 'openvino':
      onnx_sessions.import_openvino()
    else:
      importlib.import_module(name)
  start = time.perf_counter()
  time_stages(load(source), *pair)
  return time.perf_counter() - start


def load(runtime: str, source: str | Path) -> TimedDetector:
  """The network in a runtime, of a name or a file of weights.

  Args:
    runtime: a key of ``RUNTIMES``.
    source: name or file of weights.

  Raises:
    ValueError: the weights have no threshold.
  """
  weights = files.load(source)
  if weights.calibration is None:
    raise ValueError('the weights have no threshold; see launch.calibrate')
  scorer, calls = record_calls(loading.build_scorer(source, weights, runtime))
  fitted = calibration.from_plain(weights.calibration)
  return TimedDetector(
    RUNTIMES[runtime],
    Detector(
      build_detector(scorer, weights.config['detect'], fitted),
      threshold=fitted.threshold,
    ),
    calls,
  )


def installed() -> tuple[str, ...]:
  """The runtimes that are installed here, keys of ``RUNTIMES``."""
  return tuple(name for name in RUNTIMES if importlib.util.find_spec(name))


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
  versions = ', '.join(
    f'{RUNTIMES[name]} {importlib.metadata.version(name)}'
    for name in installed()
  )
  load = f'{os.getloadavg()[0]:.1f}' if hasattr(os, 'getloadavg') else 'unknown'
  return (
    f'{facts["processor"]}, {facts["cores"]} cores, load {load}; {versions}; '
    'commit '
    f'{provenance.label(provenance.commit())}.'
  )
