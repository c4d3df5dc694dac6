"""From the maps of two pictures to boxes with confidences and kinds.

boxes = postprocess(
  scores, head_maps, valid_mask, (relit, test), options=options
)
"""

from __future__ import annotations

from zeroshot.detect import boxes, maps
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.detect.extents import Pictures
from zeroshot.detect.naming import Namer
from zeroshot.detect.settings import DetectSettings
from zeroshot.types import Boxes, HostArray


def postprocess(
  scores: HostArray,
  head_maps: maps.HeadMaps,
  valid_mask: HostArray | None,
  pictures: Pictures,
  *,
  options: DetectSettings,
  calibration: Calibration | None = None,
  namer: Namer | None = None,
  own_mask: HostArray | None = None,
) -> Boxes:
  """Boxes the differences of two pictures, or of a window of them.

  Args:
    scores: ``[H, W]`` in [0, 1], 0 where differences do not count.
    head_maps: of the network.
    valid_mask: ``[H, W]``, 1 where differences count; None is everywhere.
    pictures: reference and test, uint8 ``[H, W, 3]``, in one grid and
      lighting.
    options: of ``config.detect``.
    calibration: of the confidences; None leaves them as they are.
    namer: names the kinds; None leaves every kind ``'difference'``.
    own_mask: ``[H, W]``, 1 on the pixels to be boxed; None takes
      ``valid_mask``.

  Returns:
    The boxes, the most confident first, without a margin.

  Raises:
    ValueError: see ``boxes_from_scores``.
  """
  detected = boxes.boxes_from_scores(
    scores,
    valid_mask if own_mask is None else own_mask,
    pictures,
    **options.box_settings._asdict(),
  )
  confidence = detected.confidence
  if calibration is not None:
    confidence = apply_calibration(confidence, calibration)
    detected = detected._replace(confidence=confidence)
  detected = boxes.select(detected, confidence >= options.min_confidence)
  if namer is not None:
    detected = namer(detected, pictures, valid_mask, head_maps)
  if head_maps.box_deltas is not None:
    detected = detected._replace(
      xyxy=maps.correct_boxes(detected.xyxy, head_maps)
    )
  return detected
