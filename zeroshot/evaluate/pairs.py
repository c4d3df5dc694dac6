"""Runs a detector over one pair of a split: files in, result out.

evaluation = evaluate_pair(pair, detector, moves=config.eval.misalign)
evaluation.result  # for evaluate.protocols
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from zeroshot.data import pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.detect.detector import Detection
from zeroshot.evaluate import misalign
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.types import HostArray

Detector = Callable[[HostArray, HostArray], Detection]


class PairEvaluation(NamedTuple):
  """One pair after detection.

  Attributes:
    result: ground truth and detections, for the protocols.
    reference: image ``[H, W, 3]``, moved as the detector got it; aligned
      where it is of another size.
    test: image ``[H, W, 3]``.
    detection: output of the detector.
    seconds: duration of registration, scoring and boxes together.
  """

  result: PictureResult
  reference: HostArray
  test: HostArray
  detection: Detection
  seconds: float


def evaluate_pair(
  pair: LabelledPair,
  detector: Detector,
  *,
  moves: Mapping[str, float],
  swap: bool = False,
  sizes_may_differ: bool = False,
  read: Callable[[pictures.Path], HostArray] = pictures.read_picture,
) -> PairEvaluation:
  """Reads a pair, moves its reference, detects.

  Args:
    pair: with its annotation, see ``manifest.labelled_pairs``.
    detector: ``(reference, test) -> Detection``; the move is not passed to it.
    moves: keyword arguments of ``misalign.move_reference``.
    swap: whether the detector gets the test picture as reference and the
      reference as test picture. The differences stay the same, up to the few
      pixels between the two grids.
    sizes_may_differ: see ``pictures.read_pair``; of pairs as they came.
    read: reads a picture.

  Returns:
    The pair's result, and its pictures for drawing.

  Raises:
    ValueError: if a file of the pair cannot be read, or the pictures are to
      be swapped and the reference moved: the annotations would lie in the
      grid of neither.
  """
  moved = moves['shift_px'] or moves['rotation_deg'] or moves['scale'] != 1
  if swap and moved:
    raise ValueError(
      'eval.swap and eval.misalign together: the annotations would lie in the '
      'grid of neither picture; give one of them'
    )
  reference, test = pictures.read_pair(
    pair.reference_path,
    pair.test_path,
    read=read,
    sizes_may_differ=sizes_may_differ,
  )
  reference, comparable = misalign.move_reference(reference, **moves)
  if swap:
    reference, test = test, reference
  start = time.perf_counter()
  detection = detector(reference, test)
  seconds = time.perf_counter() - start
  height, width = test.shape[:2]
  result = PictureResult(
    name=pair.name,
    group=pair.group,
    height=height,
    width=width,
    truth=pair.truth,
    detections=detection.boxes,
    valid=comparable if reference.shape == test.shape else None,
  )
  if reference.shape != test.shape:
    reference = pictures.as_image(detection.registration.aligned_reference)
  return PairEvaluation(result, reference, test, detection, seconds)
