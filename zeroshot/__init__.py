"""Marks every true difference between a reference picture and a test picture.

  import zeroshot

  inspection = zeroshot.Detector.load('default').inspect('good.png', 'part.png')

The rooms, top to bottom (a room imports only rooms below):

  commands      the command line ``zeroshot``
  ui            two drop zones in a browser
  page          a folder of results -> one self-contained HTML page
  profiling     time and memory of inspection and training
  export        the network and its settings as one file for other runtimes
  studies       many runs compared: ablation, few-shot, leave-one-out
  experiments   one run from its config: set-up, evaluation, calibration
  inspection    pictures as they come -> a verdict, by ``Detector``
  report        results -> pictures
  evaluate      predictions + truth -> metrics
  transfer      labelled pairs -> windows with pixel targets
  detect        parameters + pictures -> score map -> boxes
  pcb           circuit boards: conductors and kinds of defects
  registration  reference picture -> the same, aligned with the test picture
  train         state, step, loop
  weights       parameters as files, and those that ship
  runs          read-only access to a run: parameters, checkpoints
  checkpoints   the only user of orbax
  losses        masked pixel and region losses
  model         the Siamese discrepancy network
  synthesis     key -> Pair(reference, test, mask)
  boards        drawn boards with known defects
  data          host side: pictures, background bank, DeepPCB and other pairs
  run_config    configs as plain values: overrides, compatibility
  runtime       command line, processes, locks, atomic files
  bilinear      bilinear sampling on the device
  rng           named streams of keys
  types         Pair, Boxes and the notation legend
  version       of this package
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
  from zeroshot.inspection.detector import Detector as Detector
  from zeroshot.inspection.result import Inspection as Inspection

__all__ = ['Detector', 'Inspection']


def __getattr__(name: str) -> Any:
  """Imports the public names when they are asked for: JAX takes a second."""
  if name == 'Detector':
    from zeroshot.inspection.detector import Detector

    return Detector
  if name == 'Inspection':
    from zeroshot.inspection.result import Inspection

    return Inspection
  if name == '__version__':
    from zeroshot.version import version

    return version()
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
