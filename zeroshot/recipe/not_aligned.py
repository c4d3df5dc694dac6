"""A part that cannot be aligned, as a verdict: the whole picture differs.

outcome = not_aligned.inspection(loaded, error, 'part 7', 0.5, start)
"""

from __future__ import annotations

import math
import time

import numpy as np

from zeroshot.data import pictures
from zeroshot.inspection import could_not_align, differences, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.differences import Box
from zeroshot.inspection.inputs import LoadedPicture
from zeroshot.registration import registration, warp


def inspection(
  loaded: LoadedPicture,
  error: CouldNotAlignError,
  name: str,
  threshold: float,
  start: float,
) -> result.Inspection:
  """The outcome for a part that cannot be aligned.

  Args:
    loaded: the test picture.
    error: why it cannot be.
    name: of the part.
    threshold: that was asked for.
    start: of ``time.perf_counter``.

  Returns:
    ``'different'``, with one box round all of the picture; the reason is
    among the warnings.
  """
  test = pictures.as_uint8(loaded.stored.pixels)
  height, width = test.shape[:2]
  box = _round_all(height, width)
  move = registration.EstimatedMove(
    warp.identity((height, width)),
    *('none', error.reason, math.nan, math.nan),
    probability=error.probability,
  )
  nowhere = np.zeros((height, width), np.float32)
  return result.Inspection(
    name=name,
    verdict=differences.DIFFERENT,
    boxes=(box,),
    threshold=threshold,
    registration=result.Alignment(
      *('none', 0.0, 0.0, 1.0, None),
      result.round_known(error.probability, 3),
      coverage=0.0,
    ),
    seconds=round(time.perf_counter() - start, 4),
    score_map=nowhere,
    test=test,
    candidates=(box,),
    moved=registration.describe(
      move, align=lambda: test, find_valid=lambda: nowhere, coverage=0.0
    ),
    warnings=(str(error),),
  )


def _round_all(height: int, width: int) -> Box:
  """A box round a picture of a size in pixels."""
  return Box(
    *(0.0, 0.0, float(width), float(height)),
    confidence=1.0,
    kind=could_not_align.REASON,
    size_px=math.hypot(height, width),
    size_mm=None,
    area_px=float(height * width),
    sign='colour',
    severity=math.hypot(height, width),
  )
