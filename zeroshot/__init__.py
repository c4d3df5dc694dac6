"""Marks every true difference between a reference picture and a test picture.

  import zeroshot

  found = zeroshot.Detector.load('default').inspect('good.png', 'part.png')

The rooms, from the last word to the first (a room imports only rooms below):

  commands     the command line ``zeroshot``
  ui           two drop zones in a browser
  page         a folder of results -> one self-contained HTML page
  export       the network and its settings as one file for other runtimes
  inspection   pictures as they come -> a verdict; Detector is its door
  report       results -> pictures
  evaluate     predictions + truth -> figures
  transfer     labelled pairs -> windows with pixel targets
  detect       parameters + pictures -> score map -> boxes -> kinds
  train        state, step, loop
  weights      parameters as files, and those that ship
  runs         a run as others see it: its parameters, its checkpoints
  checkpoints  the only user of orbax
  losses       masked pixel and region losses
  model        the Siamese discrepancy network
  synthesis    key -> Pair(reference, test, mask)
  data         host side: pictures, background bank, DeepPCB and other pairs
  processes    what the processes of a run tell each other
  locks        one process at a time in a folder
  whole_files  files that are there whole or not at all
  rng          named streams of keys
  types        Pair, Boxes and the notation legend
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
    return version()
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def version() -> str:
  """Of this package; ``'unknown'`` where it is not installed."""
  import importlib.metadata

  try:
    return importlib.metadata.version('zeroshot')
  except importlib.metadata.PackageNotFoundError:
    return 'unknown'
