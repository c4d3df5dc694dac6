"""Two pictures -> detections, if they can be aligned.

detection = compare(detect, reference, test, pair, roi_mask)
describe_alignment(detection), alignment_warnings(detection.registration)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from zeroshot.data import pictures
from zeroshot.detect import detector, working_size
from zeroshot.inspection import (
  alignment,
  could_not_align,
  differences,
  inputs,
  result,
)
from zeroshot.inspection.inputs import Picture
from zeroshot.inspection.least_size import LeastSize
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.registration import objections, register
from zeroshot.types import HostArray


def compare(
  detect: Callable[..., detector.Detection],
  reference: PreparedReference,
  test: Picture,
  pair: inputs.LoadedPair,
  roi_mask: HostArray | None,
  least_px: float = 0.0,
) -> detector.Detection:
  """The detections of a pair that can be aligned.

  Args:
    detect: of ``detect.detector.build_detector``.
    reference: of the pair.
    test: as the user gave it, for messages.
    pair: the pixels of both.
    roi_mask: see ``detect.detector.detect``.
    least_px: least size of a difference, pixels of the test picture, which
      decides at what resolution the two are compared.

  Raises:
    CouldNotAlignError: see ``Detector.inspect``.
  """

  def check(move: register.EstimatedMove) -> None:
    # Not a number where the pictures have too little structure to judge, as
    # blank plates have; a scratch on them is to be found.
    if move.mirrored or move.probability < objections.MIN_PROBABILITY:
      given = reference.given, test
      raise could_not_align.error_for(given, pair, move)

  pixels, tested = pair.reference, pair.test
  factor = working_size.factor_for(least_px, pixels.shape[:2], tested.shape[:2])
  if factor == 1:
    known = reference.known(pixels)
    return detect(known, tested, roi_mask=roi_mask, check_move=check)
  return working_size.detect_shrunk(
    detect,
    pixels,
    reference.shrunk(pixels, factor),
    tested,
    factor=factor,
    roi_mask=roi_mask,
    check_move=check,
  )


def conclude(
  detection: detector.Detection,
  pair: inputs.LoadedPair,
  candidates: tuple[differences.Box, ...],
  *,
  name: str,
  threshold: float,
  least: LeastSize,
  start: float,
  placed: result.Placed | None = None,
) -> result.Inspection:
  """The outcome of a pair.

  Args:
    detection: of the pair.
    pair: the pixels of both pictures.
    candidates: its boxes of any confidence.
    name: of the pair.
    threshold: least confidence of a box that counts.
    least: size of a box that counts, and the pictures' scale.
    start: of the inspection, of ``time.perf_counter``.
    placed: of a recipe, where the part lies in its frame.
  """
  verdict, boxes = differences.judge(candidates, threshold)
  moved = detection.registration
  return result.Inspection(
    name=name,
    verdict=verdict,
    boxes=boxes,
    threshold=threshold,
    registration=describe_alignment(detection),
    seconds=round(time.perf_counter() - start, 4),
    score_map=detection.scores,
    test=pictures.as_uint8(pair.test),
    candidates=candidates,
    moved=moved,
    warnings=pair.warnings + alignment_warnings(moved),
    least=least,
    placed=placed,
  )


def describe_alignment(detection: detector.Detection) -> result.Alignment:
  """How the reference was aligned, for the user."""
  registration, pair = detection.registration, detection.pair
  if registration.field is None:
    residual = registration.residual_px
  else:
    residual = alignment.residual_px(pair)
  return result.Alignment(
    registration.method,
    round(registration.shift_px, 2),
    round(registration.rotation_deg, 3),
    round(registration.scale, 5),
    result.round_known(residual, 2),
    result.round_known(registration.probability, 3),
    round(registration.coverage, 4),
    round(registration.max_local_px, 2),
  )


def alignment_warnings(registration: register.Registration) -> tuple[str, ...]:
  """A sentence for each doubt about an alignment that was used."""
  warnings = []
  if registration.period_px > 0:
    warnings.append(
      'the picture repeats: the reference fits as well when it is shifted by '
      f'{registration.period_px:.0f} px, and the nearest place was taken'
    )
  if registration.is_coarse:
    warnings.append(
      'the alignment is confirmed on small copies alone: the pictures differ '
      'in sharpness or light, or still lie some pixels apart'
    )
  if registration.is_rough and registration.field is None:
    warnings.append(
      'the pictures agree only roughly, as under another light, focus or '
      'viewpoint: expect false boxes, or take the picture again as the '
      'reference was taken'
    )
  if math.isnan(registration.probability) and registration.method != 'none':
    warnings.append(
      'the pictures have too little structure to confirm the alignment'
    )
  return (*warnings, *result.coverage_warnings(registration.coverage))
