"""The Python interface of the inspection tool; no machine learning needed.

  import zeroshot

  detector = zeroshot.Detector.load('default')
  inspection = detector.inspect('good.png', 'part.png')
  for inspection in detector.inspect_many([('good.png', 'part.png')]):
    print(inspection.verdict)
  reference = detector.prepare('good.png')   # for any number of test pictures
  inspection = detector.inspect(reference, 'part.png')

In JAX the first pair of a size, in steps of 64 px, compiles the network; on a
CPU nothing is compiled. Threads may share a detector. Pictures of 8 megapixels
and more take larger tiles: 108 take less than 3 GB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from zeroshot.data import limits
from zeroshot.detect import detector
from zeroshot.inspection import (
  areas,
  comparison,
  differences,
  inputs,
  least_size,
  prepared,
  result,
)
from zeroshot.inspection.inputs import Picture
from zeroshot.inspection.least_size import MinSize
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.inspection.regions import Region
from zeroshot.types import HostArray


class Detector:
  """Marks every true difference between a reference and a test picture.

  Attributes:
    threshold: least confidence of a box that counts; calls may override it.
    least: least size of a difference, and the pictures' scale; likewise.
  """

  def __init__(
    self,
    detect: Callable[..., detector.Detection],
    *,
    threshold: float,
    max_megapixels: float = limits.MAX_MEGAPIXELS,
    min_size: MinSize | None = None,
  ) -> None:
    """Use ``load`` for weights and ``zeroshot.export.runner`` for exports.

    Args:
      detect: of ``zeroshot.detect.detector.build_detector``.
      threshold: least confidence of a box that counts.
      max_megapixels: see ``load``.
      min_size: see ``load``.
    """
    self._detect = detect
    self._max_megapixels = limits.check_limit(max_megapixels)
    self._recent = prepared.Recent()
    self.threshold = differences.check_threshold(threshold)
    self.least = least_size.of(min_size)

  @classmethod
  def load(
    cls,
    weights: str | os.PathLike[str] = 'default',
    *,
    threshold: float | None = None,
    max_megapixels: float = limits.MAX_MEGAPIXELS,
    kinds: str | None = None,
    local_field: bool | None = None,
    runtime: str = 'auto',
    precision: str = 'f32',
    min_size: MinSize | None = None,
  ) -> Detector:
    """Loads weights, with the settings that they were stored with.

    Args:
      weights: name of shipped weights, or a file of ``launch.export_weights``
        or ``launch.calibrate``.
      threshold: least confidence of a box that counts, in [0, 1]; None takes
        the calibrated one.
      max_megapixels: larger pictures, in 1e6 pixels, are refused before they
        are decoded.
      kinds: source of the boxes' kinds, see ``detect.kinds`` of the configs:
        ``'topology'`` uses the terms of circuit boards, ``'none'`` calls every
        box ``'difference'``. None keeps the setting of the weights.
      local_field: overrides ``detect.local_field`` of the weights.
      runtime: ``'auto'``, ``'onnxruntime'``, ``'openvino'`` or ``'jax'``, see
        ``loading.load_network``.
      precision: of OpenVINO's arithmetic, ``'f32'`` or ``'bf16'``.
      min_size: least ``size_px`` of a box, in pixels of the test picture, or
        ``least_size.of('0.3mm', mm_per_px=0.02)``; None reports all. The larger
        it is, the lower the resolution at which the pictures are compared.

    Raises:
      ValueError: the weights cannot be read, or are not calibrated and no
        threshold is given; or a setting or the runtime cannot be used.
    """
    # Imports safetensors, which a detector of an exported network lacks.
    from zeroshot.inspection import loading

    try:
      chosen = dict(runtime=runtime, precision=precision)
      network = loading.load_network(
        weights,
        threshold=threshold,
        kinds=kinds,
        local_field=local_field,
        **chosen,
      )
      return cls(
        network.build_detector(),
        threshold=network.threshold,
        max_megapixels=max_megapixels,
        min_size=min_size,
      )
    except (AttributeError, KeyError) as error:
      raise ValueError(
        f'{weights} was stored without a setting that detection needs '
        f'({error}); write it again with launch.export_weights'
      ) from error

  def prepare(
    self, reference: Picture, *, bits: int | None = None
  ) -> PreparedReference:
    """Reads a reference once, for any number of test pictures.

    Args:
      reference: see ``inspect``.
      bits: see ``inspect``.

    Raises:
      ValueError: the picture cannot be read or has values beyond ``bits``.
    """
    return prepared.prepare(
      reference, max_megapixels=self._max_megapixels, bits=bits
    )

  def inspect(
    self,
    reference: Picture | PreparedReference,
    test: Picture,
    *,
    name: str | None = None,
    threshold: float | None = None,
    roi: Sequence[Region] = (),
    ignore: Picture | None = None,
    bits: int | None = None,
    min_size: MinSize | None = None,
  ) -> result.Inspection:
    """Inspects one pair.

    The two may lie turned, scaled, shifted and tilted to each other. If only
    one of them has colours, both are compared as grey.

    Args:
      reference: picture of the good part, a path or an array, RGB (OpenCV's
        arrays are BGR: ``frame[..., ::-1]``); see ``inputs.to_pixels``; or one
        of ``prepare``. Files of the last few references are remembered.
      test: picture of the part under test; its size may differ.
      name: of the pair; None takes the stem of the test picture's file.
      threshold: least confidence of a box that counts; None takes the
        detector's.
      roi: regions ``(x1, y1, x2, y2)`` of the test picture, in pixels, to
        inspect; none means the whole picture. The whole picture is used for
        registration in any case.
      ignore: mask of the test picture's size, a path or an array, nonzero
        where differences do not count.
      bits: 8 to 16, that samples stored in 16 bits use; None finds them. A
        prepared reference has its own.
      min_size: see ``load``; None takes the detector's.

    Returns:
      Inspection.

    Raises:
      CouldNotAlignError: the two do not show the same part, are mirror images,
        or their alignment is more likely wrong than right; it is a ValueError
        and has a picture of both laid over each other.
      ValueError: a picture cannot be read, is too dark or has values beyond
        ``bits``, or a region or the mask does not fit them, or the least size
        is none.
    """
    start = time.perf_counter()
    least = self.least if min_size is None else least_size.of(min_size)
    threshold = differences.check_threshold(threshold, self.threshold)
    good, pair = self._load(reference, test, bits)
    roi_mask = self._roi_mask(roi, ignore, pair)
    detection = comparison.compare(
      self._detect, good, test, pair, roi_mask, least.px
    )
    return comparison.conclude(
      detection,
      pair,
      differences.to_boxes(detection, least),
      name=inputs.name_of(test, 'pair') if name is None else name,
      threshold=threshold,
      least=least,
      start=start,
    )

  def inspect_many(
    self,
    pairs: Iterable[tuple[Picture | PreparedReference, Picture]],
    *,
    threshold: float | None = None,
    roi: Sequence[Region] = (),
    ignore: Picture | None = None,
    bits: int | None = None,
    min_size: MinSize | None = None,
  ) -> Iterator[result.Inspection]:
    """Inspects pair after pair; memory does not grow with their number.

    Args:
      pairs: ``(reference, test)``; of batches ``[N, H, W, C]``,
        ``zip(references, tests)``.
      threshold: see ``inspect``.
      roi: see ``inspect``; the same for all pairs.
      ignore: see ``inspect``; the same for all pairs.
      bits: see ``inspect``; the same for all pairs.
      min_size: see ``inspect``; the same for all pairs.

    Yields:
      The Inspection of each pair, in order.

    Raises:
      ValueError: at the first pair that cannot be inspected; see ``inspect``.
    """
    for reference, test in pairs:
      yield self.inspect(
        reference,
        test,
        threshold=threshold,
        roi=roi,
        ignore=ignore,
        bits=bits,
        min_size=min_size,
      )

  def _roi_mask(
    self,
    roi: Sequence[Region],
    ignore: Picture | None,
    pair: inputs.LoadedPair,
  ) -> HostArray | None:
    """See ``areas.roi_mask``."""
    height, width = pair.test.shape[:2]
    limit = self._max_megapixels
    return areas.roi_mask(
      roi, ignore, height=height, width=width, max_megapixels=limit
    )

  def _load(
    self,
    reference: Picture | PreparedReference,
    test: Picture,
    bits: int | None,
  ) -> tuple[PreparedReference, inputs.LoadedPair]:
    """The reference, remembered or read, and the pixels of both pictures."""
    limit = self._max_megapixels
    with ThreadPoolExecutor(1) as pool:  # both are read at a time
      reading = pool.submit(
        inputs.load_picture, test, role='test', max_megapixels=limit, bits=bits
      )
      if not isinstance(reference, PreparedReference):
        reference = self._recent.get(reference, max_megapixels=limit, bits=bits)
      pair = inputs.join(reference.loaded, reading.result())
    return reference, pair


def load_detector(options: InspectOptions) -> Detector:
  """The detector that the options of a command ask for.

  Args:
    options: of the command.

  Raises:
    ValueError: see ``Detector.load``.
  """
  return Detector.load(
    options.weights,
    threshold=options.threshold,
    max_megapixels=options.max_megapixels,
    kinds=options.kinds,
    local_field=options.has_local_field,
    runtime=options.runtime,
    precision=options.precision,
    min_size=options.least,
  )
