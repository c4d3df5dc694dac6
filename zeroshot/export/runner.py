"""Inspects pairs of pictures with an exported file.

  python part.pyz part.onnx good.png part.png

  import sys; sys.path.insert(0, 'part.pyz')
  from zeroshot.export.runner import Runner
  inspection = Runner('part.onnx')('good.png', 'part.png')

``zeroshot export`` writes ``part.pyz``, this runner, beside ``part.onnx``; it
needs NumPy, SciPy, OpenCV and ONNX Runtime (JAX, for a StableHLO file) but no
installation of this package. Registration, boxes, kinds and output are those of
``zeroshot inspect``, by the same code. Exit statuses: 0 no difference,
1 differences found, 2 could not inspect.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zipfile
from collections.abc import Callable, Sequence

import numpy as np

from zeroshot.data import faults
from zeroshot.detect import calibration, detector, scorers, tiling
from zeroshot.export import onnx_format, stablehlo_format
from zeroshot.export.metadata import Metadata
from zeroshot.inspection.detector import Detector
from zeroshot.inspection.inputs import Picture
from zeroshot.inspection.result import Inspection
from zeroshot.types import HostArray

_Run = Callable[[HostArray, HostArray], tuple[HostArray, ...]]


class Runner:
  """An exported file, opened once, for any number of pairs.

  Attributes:
    metadata: of the file.
    scorer: the network in it.
    detector: built from both; see ``inspection.detector.Detector``.
  """

  def __init__(
    self,
    path: str | os.PathLike[str],
    *,
    threshold: float | None = None,
    num_threads: int = 0,
  ) -> None:
    """Opens a file of ``zeroshot export``.

    Args:
      path: of the file.
      threshold: least confidence of a box that counts; None takes the file's.
      num_threads: of ONNX Runtime; 0 is one for each usable core.

    Raises:
      ValueError: the file cannot be used, or what runs it is not installed.
    """
    self.scorer, self.metadata = load_scorer(path, num_threads=num_threads)
    self.detector = build_detector(self.scorer, self.metadata, threshold)

  def __call__(
    self, reference: Picture, test: Picture, *, name: str | None = None
  ) -> Inspection:
    """Inspects one pair; see ``Detector.inspect``."""
    return self.detector.inspect(reference, test, name=name)


def load_scorer(
  path: str | os.PathLike[str], *, num_threads: int = 0
) -> tuple[scorers.Scorer, Metadata]:
  """The network in a file as a scorer, and the file's metadata.

  Args:
    path: of the file.
    num_threads: of ONNX Runtime; 0 is one for each usable core.

  Raises:
    ValueError: see ``Runner``.
    OSError: the file cannot be opened.
  """
  with open(path, 'rb'):  # its errors are clearer than a runtime's
    pass
  if not zipfile.is_zipfile(path):
    run_onnx, metadata = onnx_format.load(path, num_threads=num_threads)
    scorer = scorers.onnx_scorer(
      run_onnx,
      stride_px=metadata.stride_px,
      kinds=metadata.kinds,
      regresses_boxes=metadata.regresses_boxes,
    )
    return scorer, metadata
  run, metadata = stablehlo_format.load(path)
  scorer = scorers.Scorer(
    _build_score(run, metadata),
    stride_px=metadata.stride_px,
    kinds=metadata.kinds,
    regresses_boxes=metadata.regresses_boxes,
  )
  return scorer, metadata


def build_detector(
  scorer: scorers.Scorer, metadata: Metadata, threshold: float | None = None
) -> Detector:
  """The detector of a file; larger pictures are tiled to the network's size.

  Args:
    scorer: of ``load_scorer``.
    metadata: of ``load_scorer``.
    threshold: least confidence of a box that counts; None takes the file's.

  Raises:
    ValueError: the file lacks a setting that detection needs.
  """
  settings = {**metadata.detect, 'tile_px': (metadata.height, metadata.width)}
  try:
    fitted = calibration.from_plain(metadata.calibration)
    return Detector(
      detector.build_detector(scorer, settings, fitted),
      threshold=fitted.threshold if threshold is None else threshold,
    )
  except KeyError as error:
    raise ValueError(
      f'the file of {metadata.weights} lacks the setting {error}; export the '
      'weights again, or take the runner that came with the file'
    ) from error


def _build_score(
  run: _Run, metadata: Metadata
) -> Callable[[HostArray, HostArray], HostArray]:
  """The score function of a StableHLO file, for images of at most its size."""

  def pad(image: HostArray) -> HostArray:
    size = metadata.height, metadata.width
    if image.dtype != np.uint8:
      image = image * np.float32(255)
    return tiling.pad(image, size).astype(np.float32)[None]

  def score(reference: HostArray, test: HostArray) -> HostArray:
    height, width = test.shape[:2]
    scores, *others = run(pad(reference), pad(test))
    if others:
      scores = np.concatenate([scores[..., None], *others], axis=-1)
    return scores[0, :height, :width]

  return score


def main(arguments: Sequence[str] | None = None) -> int:
  """Inspects the pair on the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    description='Marks every true difference between two pictures.'
  )
  parser.add_argument('model', help='file of zeroshot export')
  parser.add_argument('reference', help='picture of the good part')
  parser.add_argument('test', help='picture of the part under test')
  parser.add_argument('--threshold', type=float, help='least confidence')
  options = parser.parse_args(arguments)
  try:
    inspect = Runner(options.model, threshold=options.threshold)
    inspection = inspect(options.reference, options.test)
  except (
    Exception
  ) as error:  # a runtime's too; Python's status 1 means differences
    print(f'error: {faults.line_of(error)}', file=sys.stderr)
    return 2
  print(json.dumps(inspection.to_dict()))
  return 1 if inspection.boxes else 0


if __name__ == '__main__':
  sys.exit(main())
