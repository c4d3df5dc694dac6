"""The door for those who want boxes and no machine learning.

  import zeroshot

  detector = zeroshot.Detector.load('default')
  found = detector.inspect('good.png', 'part.png')
  for found in detector.inspect_many(pairs): ...

The first pair compiles; pictures of similar size, by 64 px, do not again. Any
number of threads may share a detector.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.detect import calibration, detector
from zeroshot.inspection import inputs, result
from zeroshot.inspection.inputs import Picture
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from zeroshot.weights import files


class Detector:
  """Marks every true difference between a reference and a test picture.

  Attributes:
    threshold: least confidence of a box that counts, unless a call says
      otherwise.
  """

  def __init__(
    self, detect: Callable[..., detector.Detection], threshold: float
  ) -> None:
    """Use ``load``, or ``zeroshot.export.runner`` for an exported network.

    Args:
      detect: of ``detector.build_detector``.
      threshold: least confidence of a box that counts.
    """
    self._detect = detect
    self.threshold = _checked(threshold)

  @classmethod
  def load(
    cls,
    weights: str | os.PathLike[str] = 'default',
    *,
    threshold: float | None = None,
  ) -> Detector:
    """Loads weights, with the settings that they were stored with.

    Args:
      weights: name of weights that ship, or a file of
        ``launch.export_weights`` or ``launch.calibrate``.
      threshold: least confidence of a box that counts, in [0, 1]; None takes
        the calibrated one.

    Raises:
      ValueError: the weights cannot be read, or are not calibrated and no
        threshold is given.
    """
    # Here, since a detector of an exported network needs no weights, no JAX.
    from zeroshot.weights import files

    loaded = files.load(Path(weights))
    stored = loaded.calibration
    if threshold is None and stored is None:
      raise ValueError(
        f'{weights} has no calibrated threshold; give one, or calibrate the '
        'weights with launch.calibrate'
      )
    try:
      detect = _build(loaded)
    except (AttributeError, KeyError) as error:
      raise ValueError(
        f'{weights} was stored without a setting that detection needs '
        f'({error}); write it again with launch.export_weights'
      ) from error
    if threshold is None:
      assert stored is not None
      threshold = calibration.from_plain(stored).threshold
    return cls(detect, threshold)

  def inspect(
    self,
    reference: Picture,
    test: Picture,
    *,
    name: str | None = None,
    threshold: float | None = None,
  ) -> result.Inspection:
    """Inspects one pair.

    Args:
      reference: picture of the good part, a path or an array; see
        ``inputs.to_image``.
      test: picture of the part under test, of the same size.
      name: of the pair; None takes that of the test picture's file.
      threshold: least confidence of a box that counts; None takes the
        detector's.

    Returns:
      Inspection.

    Raises:
      ValueError: a picture cannot be read, or the two cannot be compared.
    """
    start = time.perf_counter()
    least = self.threshold if threshold is None else _checked(threshold)
    name = _name_of(test) if name is None else name
    good = inputs.to_image(reference, role='reference')
    tested = inputs.to_image(test, role='test')
    found = self._detect(good, tested)
    candidates = result.to_boxes(found.boxes)
    counted = tuple(box for box in candidates if box.confidence >= least)
    moved = found.registration
    return result.Inspection(
      name=name,
      verdict=result.DIFFERENT if counted else result.SAME,
      boxes=counted,
      threshold=least,
      registration=result.Alignment(
        moved.method,
        round(moved.shift_px, 2),
        round(moved.rotation_deg, 3),
        round(moved.scale, 5),
        None,
      ),
      seconds=round(time.perf_counter() - start, 4),
      score_map=found.scores,
      aligned_reference=_to_uint8(moved.aligned_reference),
      test=_to_uint8(tested),
      candidates=candidates,
    )

  def inspect_many(
    self,
    pairs: Iterable[tuple[Picture, Picture]],
    *,
    threshold: float | None = None,
  ) -> Iterator[result.Inspection]:
    """Inspects pair after pair; nothing is kept of those before.

    Args:
      pairs: ``(reference, test)``; of batches ``[N, H, W, C]``,
        ``zip(references, tests)``.
      threshold: see ``inspect``.

    Yields:
      The Inspection of each pair, in order.

    Raises:
      ValueError: at the first pair that cannot be inspected; see ``inspect``.
    """
    for reference, test in pairs:
      yield self.inspect(reference, test, threshold=threshold)


def _build(weights: files.Weights) -> Callable[..., detector.Detection]:
  import ml_collections

  config = ml_collections.ConfigDict(weights.config)
  stored = weights.calibration
  return detector.build_detector(
    detector.network_scorer(config.model, weights.parameters),
    config.detect,
    calibration.from_plain(stored) if stored else None,
  )


def _checked(threshold: float) -> float:
  if not 0 <= threshold <= 1:
    raise ValueError(f'the threshold is {threshold}; give one in [0, 1]')
  return float(threshold)


def _name_of(test: Picture) -> str:
  return Path(test).stem if isinstance(test, str | os.PathLike) else 'pair'


def _to_uint8(image: HostArray) -> HostArray:
  return np.rint(image * 255).astype(np.uint8)
