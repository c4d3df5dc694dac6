"""Finds every true difference between a reference picture and a test picture.

  import zeroshot

  inspection = zeroshot.Detector.load('default').inspect('good.png', 'part.png')

The rooms (packages and files) from top to bottom; each imports only rooms that
are listed below it. ``docs/architecture.md`` shows them as a picture.

  commands      the command line ``zeroshot``
  line          recipes at work: an HTTP server, a watched folder
  ui            two drop zones in a browser
  page          a folder of results -> one self-contained HTML file
  profiling     costs of inspection and training
  export        the network and its settings as one file
  studies       many runs compared: ablation, few-shot, leave-one-out
  experiments   one run: set-up, evaluation, calibration
  cluster       a list of millions of pairs, inspected on a Ray cluster
  recipe        one product: good parts, what they teach, inspection
  inspection    two pictures of any kind -> a verdict and boxes
  report        results as pictures and tables
  evaluate      detections and ground truth -> metrics
  transfer      labelled pairs -> windows with pixel targets
  detect        parameters + two pictures -> score map -> boxes -> kinds
  pcb           knowledge of circuit boards, and of nothing else
  registration  the reference picture, aligned with the test picture
  train         training: state, step and loop
  onnx_graph    weights -> the network as an ONNX graph, without JAX
  weights       trained parameters as safetensors files
  runs          read-only access to the checkpoints of a run
  checkpoints   checkpoints of a run, by orbax
  losses        the training loss: a weighted sum of named terms
  model         the network: two pictures -> one logit per pixel
  synthesis     synthetic pairs: key -> Pair(reference, test, mask)
  boards        drawn boards with known defects
  data          pictures, lists of pairs, labels and backgrounds on the host
  run_config    configs as plain values: overrides and compatibility
  runtime       start and end of commands, processes, locks, atomic files
  bilinear      bilinear sampling of arrays on the device
  rng           named streams of random keys
  types         types that several packages use, and the notation
  version       the version of this package

``__main__`` is the command line again, as ``python -m zeroshot``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
  from zeroshot.inspection.could_not_align import (
    CouldNotAlignError as CouldNotAlignError,
  )
  from zeroshot.inspection.detector import Detector as Detector
  from zeroshot.inspection.result import Inspection as Inspection
  from zeroshot.recipe.detector import RecipeDetector as RecipeDetector

__all__ = ['CouldNotAlignError', 'Detector', 'Inspection', 'RecipeDetector']


# Imported when they are asked for: JAX takes a second.
_MODULES = {
  'CouldNotAlignError': 'zeroshot.inspection.could_not_align',
  'Detector': 'zeroshot.inspection.detector',
  'Inspection': 'zeroshot.inspection.result',
  'RecipeDetector': 'zeroshot.recipe.detector',
}


def __getattr__(name: str) -> object:
  """Imports the public names when they are asked for."""
  if name in _MODULES:
    return getattr(importlib.import_module(_MODULES[name]), name)
  if name == '__version__':
    return importlib.import_module('zeroshot.version').version()
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
