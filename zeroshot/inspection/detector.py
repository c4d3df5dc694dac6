"""The door for those who want boxes and no machine learning.

  import zeroshot

  detector = zeroshot.Detector.load('default')
  found = detector.inspect('good.png', 'part.png')
  for found in detector.inspect_many(pairs): ...

The first pair compiles; pictures of similar size, by 64 px, do not again. Any
number of threads may share a detector. Pictures of 8 megapixels and more go
through it in larger tiles: 12,000 x 9,000 px take less than 4 GB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zeroshot.data import headers, pictures
from zeroshot.detect import calibration, detector, scorers
from zeroshot.detect.settings import LARGE_PX
from zeroshot.inspection import alignment, areas, inputs, relation, result
from zeroshot.inspection.inputs import Picture
from zeroshot.registration import register
from zeroshot.types import HostArray


class Detector:
  """Marks every true difference between a reference and a test picture.

  Attributes:
    threshold: least confidence of a box that counts, unless a call says
      otherwise.
  """

  def __init__(
    self,
    scorer: scorers.Scorer,
    settings: Mapping[str, Any],
    fitted: calibration.Calibration | None,
    *,
    threshold: float,
    max_megapixels: float = headers.MAX_MEGAPIXELS,
  ) -> None:
    """``load`` does it from weights, ``zeroshot.export.runner`` from a file.

    Args:
      scorer: the network.
      settings: ``config.detect``.
      fitted: of the confidences; None leaves them as they are.
      threshold: least confidence of a box that counts.
      max_megapixels: see ``load``.
    """
    self._detect = detector.build_detector(scorer, settings, fitted)
    self._max_megapixels = headers.check_limit(max_megapixels)
    self.threshold = _checked(threshold)

  @classmethod
  def load(
    cls,
    weights: str | os.PathLike[str] = 'default',
    *,
    threshold: float | None = None,
    max_megapixels: float = headers.MAX_MEGAPIXELS,
    kinds: str | None = None,
  ) -> Detector:
    """Loads weights, with the settings that they were stored with.

    Args:
      weights: name of weights that ship, or a file of
        ``launch.export_weights`` or ``launch.calibrate``.
      threshold: least confidence of a box that counts, in [0, 1]; None takes
        the calibrated one.
      max_megapixels: larger pictures, in 1e6 pixels, are refused before they
        are decoded.
      kinds: what boxes are named from, see ``detect.kinds`` of the configs:
        ``'topology'`` has the words of circuit boards, ``'none'`` calls all
        ``'difference'``. None is what the weights say.

    Raises:
      ValueError: the weights cannot be read, or are not calibrated and no
        threshold is given; or a setting is out of its range.
    """
    # Here, since a detector of an exported network needs no weights, no JAX.
    import ml_collections

    from zeroshot.weights import files

    loaded = files.load(Path(weights))
    fitted = None
    if loaded.calibration is not None:
      fitted = calibration.from_plain(loaded.calibration)
    if threshold is None:
      if fitted is None:
        raise ValueError(
          f'{weights} has no calibrated threshold; give one, or calibrate the '
          'weights with launch.calibrate'
        )
      threshold = fitted.threshold
    config = ml_collections.ConfigDict(loaded.config)
    try:
      settings = dict(config.detect)
      if kinds is not None:
        settings['kinds'] = kinds
      return cls(
        scorers.network_scorer(config.model, loaded.parameters),
        settings,
        fitted,
        threshold=threshold,
        max_megapixels=max_megapixels,
      )
    except (AttributeError, KeyError) as error:
      raise ValueError(
        f'{weights} was stored without a setting that detection needs '
        f'({error}); write it again with launch.export_weights'
      ) from error

  def inspect(
    self,
    reference: Picture,
    test: Picture,
    *,
    name: str | None = None,
    threshold: float | None = None,
    roi: Sequence[areas.Region] = (),
    ignore: Picture | None = None,
  ) -> result.Inspection:
    """Inspects one pair.

    A reference that lies upside down, or in square pictures on its side, is
    turned first, where the pictures agree only so.

    Where only one of the two has colours, both are compared as grey.

    Args:
      reference: picture of the good part, a path or an array, RGB (OpenCV's
        own are BGR: ``frame[..., ::-1]``); see ``inputs.to_pixels``.
      test: picture of the part under test, of the same size.
      name: of the pair; None takes that of the test picture's file.
      threshold: least confidence of a box that counts; None takes the
        detector's.
      roi: regions ``(x1, y1, x2, y2)`` of the test picture, in pixels, to
        inspect alone; none is the whole picture. The reference is aligned by
        the whole picture all the same.
      ignore: mask of the test picture's size, a path or an array, not 0 where
        differences do not count.

    Returns:
      Inspection.

    Raises:
      ValueError: a picture cannot be read or is too dark, the two differ in
        size or do not show the same part, or a region or the mask does not fit
        them.
    """
    start = time.perf_counter()
    least = self.threshold if threshold is None else _checked(threshold)
    name = _name_of(test) if name is None else name
    limit = self._max_megapixels
    good = inputs.to_pixels(reference, role='reference', max_megapixels=limit)
    tested = inputs.to_pixels(test, role='test', max_megapixels=limit)
    inputs.check_pair(reference, good, test, tested)
    good, tested = inputs.in_same_colours(good, tested)
    height, width = tested.shape[:2]
    wanted = areas.roi_mask(
      roi, ignore, height=height, width=width, max_megapixels=limit
    )
    found, way = self._compared(good, tested, wanted)
    if found is None:
      raise ValueError(inputs.unlike(reference, test, way.mirrored))
    candidates = result.to_boxes(found.boxes)
    verdict, counted = result.judge(candidates, least)
    moved = found.registration
    return result.Inspection(
      name=name,
      verdict=verdict,
      boxes=counted,
      threshold=least,
      registration=_alignment(moved, tested, way),
      seconds=round(time.perf_counter() - start, 4),
      score_map=found.scores,
      aligned_reference=pictures.as_uint8(moved.aligned_reference),
      test=pictures.as_uint8(tested),
      candidates=candidates,
    )

  def inspect_many(
    self,
    pairs: Iterable[tuple[Picture, Picture]],
    *,
    threshold: float | None = None,
    roi: Sequence[areas.Region] = (),
    ignore: Picture | None = None,
  ) -> Iterator[result.Inspection]:
    """Inspects pair after pair; nothing is kept of those before.

    Args:
      pairs: ``(reference, test)``; of batches ``[N, H, W, C]``,
        ``zip(references, tests)``.
      threshold: see ``inspect``.
      roi: likewise; the same for all.
      ignore: likewise.

    Yields:
      The Inspection of each pair, in order.

    Raises:
      ValueError: at the first pair that cannot be inspected; see ``inspect``.
    """
    for reference, test in pairs:
      yield self.inspect(
        reference, test, threshold=threshold, roi=roi, ignore=ignore
      )

  def _compared(
    self, good: HostArray, tested: HostArray, wanted: HostArray | None
  ) -> tuple[detector.Detection | None, relation.Orientation]:
    """What was found, and how the reference had to be laid for that.

    None instead if the two do not show the same part.
    """
    if tested.shape[0] * tested.shape[1] >= LARGE_PX:
      # Checked before the detection, which takes seconds at this size.
      way, share = relation.quick_check(good, tested, wanted)
      if way.mirrored or share < relation.MIN_FOUND:
        return None, way
      good = relation.reorient(good, way)
      return self._detect(good, tested, roi_mask=wanted), way
    way = relation.AS_IT_CAME
    found = self._detect(good, tested, roi_mask=wanted)
    share = _share_found(found, tested, wanted)
    if share < relation.SURE:
      way = relation.find_orientation(good, tested, share)
      if way.quarters and not way.mirrored:
        good = relation.reorient(good, way)
        found = self._detect(good, tested, roi_mask=wanted)
        share = _share_found(found, tested, wanted)
    refused = way.mirrored or share < relation.MIN_FOUND
    return (None if refused else found), way


def _share_found(
  found: detector.Detection, tested: HostArray, wanted: HostArray | None
) -> float:
  """``relation.match_ratio`` once the reference has been moved."""
  moved = found.registration
  return relation.match_ratio(
    moved.aligned_reference, tested, moved.valid, wanted
  )


def _wrapped(degrees: float) -> float:
  """The same angle in [-180, 180)."""
  return (degrees + 180) % 360 - 180


def _alignment(
  moved: register.Registration, test: HostArray, way: relation.Orientation
) -> result.Alignment:
  residual = alignment.residual_px(moved.aligned_reference, test, moved.valid)
  return result.Alignment(
    moved.method,
    round(moved.shift_px, 2),
    round(_wrapped(moved.rotation_deg - 90 * way.quarters), 3),
    round(moved.scale, 5),
    None if residual is None else round(residual, 2),
  )


def _checked(threshold: float) -> float:
  if not 0 <= threshold <= 1:
    raise ValueError(f'the threshold is {threshold}; give one in [0, 1]')
  return float(threshold)


def _name_of(test: Picture) -> str:
  return Path(test).stem if isinstance(test, str | os.PathLike) else 'pair'
