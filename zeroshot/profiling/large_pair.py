"""Memory, time and detections of a large pair.

  measurements = large_pair.measure(folder, suffix='.tif')

``folder`` is one that ``zeroshot.boards.large_pair.write`` filled. The peak of
memory is the whole process's: draw the pair in another one.
"""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np

from zeroshot.boards.large_pair import DEFECT_PX
from zeroshot.inspection.detector import Detector
from zeroshot.runtime import machine
from zeroshot.types import HostArray, JsonObject


def measure(folder: Path, *, suffix: str) -> JsonObject:
  """Inspects a drawn pair and compares the boxes with its defects.

  Args:
    folder: holds ``reference``, ``test`` and ``defects.json``.
    suffix: of the two pictures.

  Returns:
    ``width`` and ``height``, ``seconds``, ``cpu_seconds`` and ``peak_bytes`` of
    this process, ``defects``, how many of them are ``found``, ``false_boxes``
    and the ``registration``.
  """
  inspection = Detector.load('default').inspect(
    folder / f'reference{suffix}', folder / f'test{suffix}'
  )
  corners = np.array(json.loads((folder / 'defects.json').read_text()))
  usage = resource.getrusage(resource.RUSAGE_SELF)
  hits = overlap(np.array([box[:4] for box in inspection.boxes]), corners)
  return {
    'width': inspection.test.shape[1],
    'height': inspection.test.shape[0],
    'seconds': inspection.seconds,
    'cpu_seconds': round(usage.ru_utime + usage.ru_stime, 1),
    'peak_bytes': machine.peak_memory_bytes(),
    'defects': len(corners),
    'found': int(hits.any(axis=0).sum()),
    'false_boxes': int((~hits.any(axis=1)).sum()),
    'registration': inspection.registration._asdict(),
  }


def overlap(boxes: HostArray, corners: HostArray) -> HostArray:
  """Which boxes touch which defects.

  Args:
    boxes: ``[K, 4]``, x1, y1, x2, y2; any empty array for none.
    corners: ``[N, 2]``, upper left corners of the defects; likewise.

  Returns:
    bool ``[K, N]``.
  """
  boxes, corners = boxes.reshape(-1, 1, 4), corners.reshape(-1, 2)
  return np.logical_and(
    (boxes[..., :2] < corners + DEFECT_PX).all(-1),
    (boxes[..., 2:] > corners).all(-1),
  )
