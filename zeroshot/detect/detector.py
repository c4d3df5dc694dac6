"""The door of detection: a reference and a test picture -> boxes with kinds.

  scorer = network_scorer(config.model, parameters)
  detector = build_detector(scorer, config.detect)
  detection = detector(reference, test)
  detection.boxes.xyxy, detection.scores, detection.registration.reason

Registration, scoring, boxes, kinds and sides in that order; each is a room file
of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.detect import boxes, maps, naming, postprocess, settings, tiling
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.classical import classical_scores
from zeroshot.registration import register
from zeroshot.registration.lighting import with_lighting_of
from zeroshot.types import Boxes, HostArray

if TYPE_CHECKING:
  import ml_collections

RIM_PX = 3  # of the valid area, left out of what is compared


class Scorer(NamedTuple):
  """What says where two registered pictures differ.

  Attributes:
    score: ``(reference, test) -> scores``, images ``[H, W, 3]`` to float32
      ``[H, W]`` in [0, 1], or with a pair head to layers ``[H, W, C]``; see
      ``maps.split``.
    stride_px: tiles start at its multiples, so that they see the same cells as
      the whole picture would.
    kinds: words of the kinds that it tells apart, if any.
    regresses_boxes: whether it corrects the sides of boxes.
  """

  score: Callable[[HostArray, HostArray], HostArray]
  stride_px: int
  kinds: tuple[str, ...] = ()
  regresses_boxes: bool = False

  def split(self, layers: HostArray) -> maps.Maps:
    """What ``score`` gave, taken apart; see ``maps.split``."""
    return maps.split(
      layers, num_kinds=len(self.kinds), regresses_boxes=self.regresses_boxes
    )


class Detection(NamedTuple):
  """What was found in one pair.

  Attributes:
    scores: float32 ``[H, W]``, probability that the two truly differ; 0 where
      the reference has no content, in a rim along that, and where not wanted.
    boxes: the differences as boxes, with confidences and kinds.
    registration: how the reference was moved onto the test picture, and where
      it has content.
  """

  scores: HostArray
  boxes: Boxes
  registration: register.Registration


class Prepared(NamedTuple):
  """A reference made comparable with a test picture.

  Attributes:
    registration: how it was moved, and where it has content.
    comparable: image ``[H, W, 3]``, moved; the test picture stands in where it
      has no content.
    lit: the same in the test picture's light.
  """

  registration: register.Registration
  comparable: HostArray
  lit: HostArray


def network_scorer(
  model_config: ml_collections.ConfigDict, parameters: Any
) -> Scorer:
  """The trained network as a scorer.

  Args:
    model_config: ``config.model``.
    parameters: the network's parameters.
  """
  # Here, since a network that runs elsewhere is detected with without JAX.
  from zeroshot.detect.score import BUCKET_PX, build_score
  from zeroshot.model.build import build_model

  model = build_model(model_config)
  score = build_score(model)

  def scores(reference: HostArray, test: HostArray) -> HostArray:
    height, width = test.shape[:2]
    # On the host: there each size of picture would be a program of its own.
    size = height + -height % BUCKET_PX, width + -width % BUCKET_PX
    pair = (tiling.pad(picture, size) for picture in (reference, test))
    return np.asarray(score(parameters, *pair))[:height, :width]

  return Scorer(
    scores,
    stride_px=model.stride,
    kinds=tuple(model_config.kinds),
    regresses_boxes=model_config.predicts_sides,
  )


def classical_scorer(config: ml_collections.ConfigDict) -> Scorer:
  """Tolerance-aware differencing as a scorer: the baseline that learns nothing.

  Args:
    config: ``config.classical.scores``.
  """
  return Scorer(
    functools.partial(classical_scores, **config.to_dict()), stride_px=1
  )


def build_detector(
  scorer: Scorer,
  config: Mapping[str, Any],
  calibration: Calibration | None = None,
) -> Callable[..., Detection]:
  """Builds the detector.

  Args:
    scorer: the network or its baseline.
    config: ``config.detect``.
    calibration: turns a component's score into the probability that it is a
      true difference; None leaves it as it is.

  Returns:
    A function ``(reference, test, valid=None, *, wanted=None) -> Detection`` of
    images ``[H, W, 3]``; see ``detect``.

  Raises:
    ValueError: nothing names kinds as ``config.kinds`` says.
  """
  opened = settings.from_config(config)
  namer = naming.build_namer(
    opened.kinds, scorer.kinds, dark_is_conductor=opened.dark_is_conductor
  )
  return functools.partial(
    detect,
    scorer=scorer,
    method=opened.registration,
    tile_px=opened.tile_px,
    overlap_px=opened.tile_overlap_px,
    box_settings=opened.box_settings,
    min_confidence=opened.min_confidence,
    box_margin_px=opened.box_margin_px,
    calibration=calibration,
    namer=namer,
  )


def detect(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  wanted: HostArray | None = None,
  scorer: Scorer,
  method: str,
  tile_px: int | tuple[int, int],
  overlap_px: int,
  box_settings: dict[str, float],
  min_confidence: float,
  box_margin_px: float = 0.0,
  calibration: Calibration | None = None,
  namer: naming.Namer | None = None,
) -> Detection:
  """Marks every true difference of one pair.

  Args:
    reference: image ``[H, W, 3]`` of the good part.
    test: image ``[H, W, 3]`` of the part under test.
    valid: ``[H, W]``, 1 where the reference has content; None where it has
      content everywhere.
    wanted: ``[H, W]``, 1 where to look for differences, in the test picture's
      grid; None is everywhere. Registration sees the rest all the same.
    scorer: compares what was registered.
    method: of registration.
    tile_px: pictures with a longer side go through tiles of this side, or of
      this height and width.
    overlap_px: of neighbouring tiles.
    box_settings: keyword arguments of ``boxes_from_scores``.
    min_confidence: boxes below it, once calibrated, are dropped.
    box_margin_px: added on every side of a box, once it has its kind.
    calibration: of the confidences; None leaves them as they are.
    namer: names the kinds; None leaves every kind ``'difference'``.

  Returns:
    Detection.

  Raises:
    ValueError: if the pictures are not two images of one size, or ``wanted`` is
      of another.
  """
  check_pictures(reference, test, wanted)
  ready = prepare(reference, test, valid, method=method)
  layers = tiling.score_tiled(
    scorer.score,
    ready.comparable,
    test,
    tile_px=tile_px,
    overlap_px=overlap_px,
    stride_px=scorer.stride_px,
  )
  seen = within(ready.registration.valid)
  if wanted is not None:
    seen = seen * wanted
  found_maps = scorer.split(layers)
  scores = found_maps.scores * seen
  found = postprocess.postprocess(
    scores,
    found_maps,
    seen,
    (ready.lit, test),
    box_settings=box_settings,
    min_confidence=min_confidence,
    calibration=calibration,
    namer=namer,
  )
  height, width = scores.shape
  found = boxes.grow(found, margin_px=box_margin_px, height=height, width=width)
  return Detection(scores=scores, boxes=found, registration=ready.registration)


def check_pictures(
  reference: HostArray, test: HostArray, wanted: HostArray | None
) -> None:
  """Raises ValueError unless the arguments of ``detect`` fit together."""
  check_pair_shapes(reference, test)
  if wanted is not None and wanted.shape != test.shape[:2]:
    raise ValueError(f'wanted is {wanted.shape}; give {test.shape[:2]}')


def prepare(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  method: str,
) -> Prepared:
  """Makes a reference comparable with a test picture.

  Args:
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    valid: ``[H, W]``, 1 where the reference has content; None is everywhere.
    method: of registration.

  Returns:
    Prepared.

  Raises:
    ValueError: see ``registration.register``.
  """
  registered = register.register(reference, test, method=method, valid=valid)
  comparable = fill(registered.aligned_reference, test, registered.valid)
  return Prepared(registered, comparable, with_lighting_of(test, comparable))


def fill(reference: HostArray, test: HostArray, valid: HostArray) -> HostArray:
  """Gives the reference content where it has none, so that nothing differs.

  The test picture stands in, under the reference's light: a seam between two
  lights would be marked along the whole border, and leak into what is valid.

  Args:
    reference: image ``[H, W, 3]``, registered.
    test: image ``[H, W, 3]``.
    valid: ``[H, W]``, 1 where the reference has content.

  Returns:
    Image ``[H, W, 3]``.
  """
  if valid.all():
    return reference
  stand_in = with_lighting_of(reference, test, valid)
  return np.where(valid[..., None] > 0, reference, stand_in)


def within(valid: HostArray) -> HostArray:
  """The valid area without the rim along its inner border, ``[H, W]``.

  Resampling mixes the last row of content with what lies beyond. The edge of
  the picture itself is no such border.
  """
  side = 2 * RIM_PX + 1
  rim = np.ones((side, side), np.uint8)
  eroded = cv2.erode(valid, rim, borderType=cv2.BORDER_REPLICATE)
  return eroded.astype(np.float32)
