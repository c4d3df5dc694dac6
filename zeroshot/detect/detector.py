"""The door of detection: a reference and a test picture -> boxes.

  detector = build_detector(config.model, config.detect, parameters)
  detection = detector(reference, test)
  detection.boxes.xyxy, detection.scores, detection.registration.reason

Registration, scoring and boxes in that order; each is a room file of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_collections
import numpy as np

from zeroshot.detect import boxes, registration, tiling
from zeroshot.detect.score import build_score
from zeroshot.model.build import build_model
from zeroshot.types import Boxes, HostArray

ScoreFunction = Callable[[HostArray, HostArray], HostArray]


class Detection(NamedTuple):
  """What was found in one pair.

  Attributes:
    scores: float32 ``[H, W]``, probability that the two truly differ; 0 where
      the reference has no content.
    boxes: the differences as boxes, with confidences.
    registration: how the reference was moved onto the test picture, and where
      it has content.
  """

  scores: HostArray
  boxes: Boxes
  registration: registration.Registration


def build_detector(
  model_config: ml_collections.ConfigDict,
  detect_config: ml_collections.ConfigDict,
  parameters: Any,
) -> Callable[..., Detection]:
  """Builds the detector; the only place that opens ``config.detect``.

  Args:
    model_config: ``config.model``.
    detect_config: ``config.detect``.
    parameters: the network's parameters.

  Returns:
    A function ``(reference, test, valid=None) -> Detection`` of images
    ``[H, W, 3]``; see ``detect``.
  """
  model = build_model(model_config)
  score = functools.partial(build_score(model), parameters)
  return functools.partial(
    detect,
    score=lambda reference, test: np.asarray(score(reference, test)),
    method=detect_config.registration,
    tile_px=detect_config.tile_px,
    overlap_px=detect_config.tile_overlap_px,
    stride_px=model.stride,
    box_settings={
      name: detect_config[name]
      for name in (
        'threshold',
        'min_confidence',
        'min_area_px',
        'join_px',
        'box_margin_px',
      )
    },
  )


def detect(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  score: ScoreFunction,
  method: str,
  tile_px: int,
  overlap_px: int,
  stride_px: int,
  box_settings: dict[str, float],
) -> Detection:
  """Marks every true difference of one pair.

  Args:
    reference: image ``[H, W, 3]`` of the good part.
    test: image ``[H, W, 3]`` of the part under test.
    valid: ``[H, W]``, 1 where the reference has content; None where it has
      content everywhere.
    score: ``(reference, test) -> scores [H, W]``.
    method: of registration.
    tile_px: pictures with a longer side go through tiles of this side.
    overlap_px: of neighbouring tiles.
    stride_px: of the network; tiles start at its multiples, so that they see
      the same cells as the whole picture would.
    box_settings: keyword arguments of ``boxes_from_scores``.

  Returns:
    Detection.

  Raises:
    ValueError: if the pictures are not two images of one size.
  """
  if reference.shape != test.shape or test.ndim != 3 or test.shape[2] != 3:
    raise ValueError(
      f'the reference is {reference.shape} and the test picture {test.shape}; '
      'give two RGB images [H, W, 3] of one size'
    )
  registered = registration.register(
    reference, test, method=method, valid=valid
  )
  # Where the reference has no content, the test picture is compared with
  # itself, so that nothing leaks from there into the valid area.
  comparable = np.where(
    registered.valid[..., None] > 0, registered.aligned_reference, test
  )
  scores = tiling.tiled(
    score,
    comparable,
    test,
    tile_px=tile_px,
    overlap_px=overlap_px,
    stride_px=stride_px,
  )
  scores = scores * registered.valid
  return Detection(
    scores=scores,
    boxes=boxes.boxes_from_scores(scores, registered.valid, **box_settings),
    registration=registered,
  )
