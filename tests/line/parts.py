"""Inspectors for tests of the line: plain differencing, which costs nothing."""

from __future__ import annotations

import math
import threading
import time
import zlib

import cv2
import numpy as np

from tests import samples
from zeroshot.inspection import differences, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.registration.registration import Registration

THRESHOLD = 0.5
_LEVELS = 60  # of 255, that are a difference
_LOST = 0.3  # share of differing pixels of another part


class OnePart:
  """Judges by one good picture, ``samples.cells``."""

  def __init__(self, name='cells'):
    self.name = name
    self._good = samples.cells()

  def inspect(self, test, *, threshold=None):
    threshold = THRESHOLD if threshold is None else threshold
    test = cv2.resize(test, self._good.shape[1::-1])
    differs = cv2.absdiff(self._good, test).max(2) > _LEVELS
    if differs.mean() > _LOST:
      message = 'could not align: reference and test do not show the same part'
      raise CouldNotAlignError(message, 'another part', 0.01, test)
    candidates = ()
    if differs.any():
      x, y, width, height = cv2.boundingRect(differs.astype(np.uint8))
      box = result.Box(
        *(x, y, x + width, y + height, 0.9, 'difference'),
        size_px=max(width, height),
        size_mm=None,
        area_px=int(differs.sum()),
        sign='lighter',
        severity=1.0,
      )
      candidates = (box,)
    verdict, boxes = differences.judge(candidates, threshold)
    return result.Inspection(
      name='pair',
      verdict=verdict,
      boxes=boxes,
      threshold=threshold,
      registration=result.Alignment('none', 0.0, 0.0, 1.0, None),
      seconds=0.01,
      score_map=differs.astype(np.float32),
      test=test,
      candidates=candidates,
      moved=_unmoved(self._good),
    )


class Slow(OnePart):
  """As ``OnePart``, a while later; counts how often it was asked."""

  def __init__(self, seconds, **options):
    super().__init__(**options)
    self.seconds = seconds
    self.asked = 0

  def inspect(self, test, *, threshold=None):
    self.asked += 1
    time.sleep(self.seconds)
    return super().inspect(test, threshold=threshold)


class Gated(Slow):
  """Waits for its gate to open."""

  def __init__(self, **options):
    super().__init__(0, **options)
    self.gate = threading.Event()

  def inspect(self, test, *, threshold=None):
    opened = self.gate.wait(60)
    assert opened
    return super().inspect(test, threshold=threshold)


def encode(picture, ending='.png'):
  """The bytes of a picture file; uint8 ``[H, W, 3]``, RGB."""
  done, data = cv2.imencode(ending, picture[..., ::-1])
  assert done
  return data.tobytes()


def good():
  """The bytes of a picture of a good part."""
  return encode(samples.cells())


def bad():
  """The bytes of a picture of a part with a difference."""
  return encode(samples.cell_pair()[1])


def other():
  """The bytes of a picture of another part."""
  return encode(samples.cells(seed=9))


def bomb(side):
  """A few bytes of PNG that declare a square picture of that side."""
  png = encode(np.zeros((1, 1, 3), np.uint8))
  size = np.array([side, side], '>u4').tobytes()
  chunk = b'IHDR' + size + png[24:29]
  checksum = zlib.crc32(chunk).to_bytes(4, 'big')
  return png[:12] + chunk + checksum + png[33:]


def _unmoved(good):
  return Registration(
    align=lambda: good,
    find_valid=lambda: np.ones(good.shape[:2], np.float32),
    matrix=np.eye(3),
    method='none',
    reason='',
    shift_px=0.0,
    rotation_deg=0.0,
    scale=1.0,
    similarity_before=math.nan,
    similarity_after=math.nan,
    probability=math.nan,
    coverage=1.0,
    field=None,
  )
