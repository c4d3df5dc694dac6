"""Recipes on the disk -> a running server, or a running watch.

  start.serve(
    ['cap.recipe'], Settings(), runtime='auto', host='127.0.0.1', port=8000
  )

Detectors are loaded and warm before the first picture comes.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from zeroshot.data import limits
from zeroshot.line import logs
from zeroshot.line.settings import Settings
from zeroshot.recipe import store
from zeroshot.recipe.detector import RecipeDetector


def serve(
  recipes: Sequence[str],
  settings: Settings,
  *,
  runtime: str,
  host: str,
  port: int,
) -> None:
  """Serves recipes until a signal comes.

  Args:
    recipes: paths, see ``recipe.load``.
    settings: limits of the server.
    runtime: see ``Detector.load``.
    host: see ``serve.serve``.
    port: see ``serve.serve``.

  Raises:
    ValueError: a recipe cannot be loaded, or two have one name.
    OSError: the address cannot be used.
  """
  # The extra of a watch alone lacks what a server needs.
  from zeroshot.line import app, serve, station

  log = logs.start(sys.stderr)
  detectors = [
    _load(path, runtime, settings.max_megapixels, log) for path in recipes
  ]
  line = station.Station(detectors, settings, log)
  serve.serve(app.build(line), line, host=host, port=port)


def watch(
  recipe: str,
  folder: Path,
  out: Path,
  *,
  runtime: str = 'auto',
  settle_s: float = 0.5,
  patience_s: float = 30,
  max_megapixels: float = limits.MAX_MEGAPIXELS,
) -> None:
  """Watches a folder until a signal comes.

  Args:
    recipe: path, see ``recipe.load``.
    folder: see ``watch.Watch``.
    out: see ``watch.Watch``.
    runtime: see ``Detector.load``.
    settle_s: see ``watch.Settings``.
    patience_s: see ``watch.Settings``.
    max_megapixels: see ``watch.Settings``.

  Raises:
    ValueError: the recipe cannot be loaded, or a folder not be used.
    OSError: a result cannot be written.
  """
  # The extra of a server alone may lack what a watch needs.
  from zeroshot.line import watch

  log = logs.start(sys.stderr)
  stop = threading.Event()

  def hear(number: int, frame: FrameType | None) -> None:
    stop.set()

  before = {
    each: signal.signal(each, hear) for each in (signal.SIGTERM, signal.SIGINT)
  }
  try:
    detector = _load(recipe, runtime, max_megapixels, log)
    settings = watch.Settings(settle_s, patience_s, max_megapixels)
    watch.Watch(detector, folder, out, settings, log).run(stop)
  finally:
    for each, handler in before.items():
      signal.signal(each, handler)
  log.info('stopped')


def _load(
  path: str, runtime: str, max_megapixels: float, log: logging.Logger
) -> RecipeDetector:
  """A detector that has judged once: the first picture would take longer."""
  detector = RecipeDetector.load(
    path, runtime=runtime, max_megapixels=max_megapixels
  )
  first = store.read(path).goods[0]
  inspection = detector.inspect(first)
  log.info(
    'loaded',
    extra=logs.fields(
      recipe=detector.name,
      path=path,
      first_good_part=inspection.verdict,
      seconds=inspection.seconds,
    ),
  )
  return detector
