"""From the maps of two pictures to boxes with confidences and kinds.

found = find(scores, maps, seen, (lit, test), box_settings=settings)
"""

from __future__ import annotations

from zeroshot.detect import boxes, maps
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.detect.extents import Pictures
from zeroshot.detect.naming import Namer
from zeroshot.types import Boxes, HostArray


def postprocess(
  scores: HostArray,
  said: maps.Maps,
  seen: HostArray,
  pictures: Pictures,
  *,
  box_settings: dict[str, float],
  min_confidence: float,
  calibration: Calibration | None = None,
  namer: Namer | None = None,
  own: HostArray | None = None,
) -> Boxes:
  """Boxes the differences of two pictures, or of a window of them.

  Args:
    scores: ``[H, W]`` in [0, 1], 0 where differences do not count.
    said: of the network, as it gave them.
    seen: ``[H, W]``, 1 where differences count.
    pictures: reference and test, images ``[H, W, 3]`` in one grid and light.
    box_settings: keyword arguments of ``boxes_from_scores``.
    min_confidence: boxes below it, once calibrated, are dropped.
    calibration: of the confidences; None leaves them as they are.
    namer: names the kinds; None leaves every kind ``'difference'``.
    own: ``[H, W]``, 1 on the pixels that are to be boxed; None takes ``seen``.

  Returns:
    The boxes, the most confident first, without a margin.

  Raises:
    ValueError: see ``boxes_from_scores``.
  """
  marked = seen if own is None else own
  found = boxes.boxes_from_scores(scores, marked, pictures, **box_settings)
  if calibration is not None:
    found = found._replace(
      confidence=apply_calibration(found.confidence, calibration)
    )
  found = boxes.select(found, found.confidence >= min_confidence)
  if namer is not None:
    found = namer(found, pictures, seen, said)
  if said.box_deltas is not None:
    found = found._replace(xyxy=maps.correct_boxes(found.xyxy, said))
  return found
