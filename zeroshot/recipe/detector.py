"""Inspecting with a recipe.

  from zeroshot import RecipeDetector

  detector = RecipeDetector.load('plug.recipe')
  inspection = detector.inspect('part.png')

Threads may share a detector.
"""

from __future__ import annotations

import functools
import os
import time

import numpy as np

from zeroshot.data import limits
from zeroshot.detect.detector import detect
from zeroshot.inspection import comparison, differences, inputs, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.inputs import LoadedPicture, Picture
from zeroshot.recipe import comparing, network, not_aligned, regions, store
from zeroshot.recipe import parts as good_parts
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe import taught as learned
from zeroshot.recipe.network import OpenedNetwork
from zeroshot.recipe.recipe import Recipe
from zeroshot.recipe.taught import Taught
from zeroshot.registration.warp import Warp


class RecipeDetector:
  """Marks what differs from every good part of a recipe.

  Attributes:
    recipe: its settings.
    threshold: least confidence of a box that counts; calls may override it.
  """

  def __init__(
    self,
    taught: Taught,
    opened: OpenedNetwork,
    *,
    max_megapixels: float = limits.MAX_MEGAPIXELS,
  ) -> None:
    """Use ``load`` for a recipe on disk.

    Args:
      taught: the recipe with its pictures.
      opened: its network.
      max_megapixels: see ``load``.

    Raises:
      ValueError: the least size needs more resolution than was taught with.
    """
    self.recipe: Recipe = taught.recipe
    self.threshold = taught.recipe.threshold
    self._network = opened
    self._detect = functools.partial(
      detect,
      scorer=opened.scorer,
      options=opened.options,
      calibration=opened.fitted,
    )
    self._max_megapixels = limits.check_limit(max_megapixels)
    self._limits = learned.limits_of(taught)
    self._regions = regions.of_recipe(taught)
    self._parts = good_parts.parts_of(
      taught.goods,
      taught.moves,
      region=self._regions.mask,
      max_megapixels=max_megapixels,
      factor=learned.factor_of(taught),
    )

  @classmethod
  def load(
    cls,
    path: str | os.PathLike[str],
    *,
    runtime: str = 'auto',
    precision: str = 'f32',
    max_megapixels: float = limits.MAX_MEGAPIXELS,
  ) -> RecipeDetector:
    """Loads a recipe, its good parts and its network.

    Args:
      path: of the folder or the ``.zip``.
      runtime: see ``Detector.load``.
      precision: see ``Detector.load``.
      max_megapixels: larger pictures, in 1e6 pixels, are refused before they
        are decoded.

    Raises:
      ValueError: see ``recipe.load``; or the weights are missing or others
        than those that were taught with.
    """
    taught = store.read(path)
    opened = network.open_network(
      taught.recipe.weights,
      threshold=taught.recipe.threshold,
      kinds=taught.recipe.kinds,
      runtime=runtime,
      precision=precision,
    )
    return cls(taught, opened, max_megapixels=max_megapixels)

  @property
  def name(self) -> str:
    """Of the product."""
    return self.recipe.name

  def inspect(
    self,
    test: Picture,
    *,
    threshold: float | None = None,
    name: str | None = None,
    bits: int | None = None,
  ) -> result.Inspection:
    """Inspects one part.

    Args:
      test: see ``Detector.inspect``.
      threshold: least confidence of a box that counts, in [0, 1]; None takes
        the recipe's.
      name: of the part; None takes the stem of the file.
      bits: see ``Detector.inspect``.

    Returns:
      Inspection, with the good part that is most alike as the reference.

    Raises:
      CouldNotAlignError: see ``Detector.inspect``.
      ValueError: see ``Detector.inspect``.
    """
    start = time.perf_counter()
    threshold = differences.check_threshold(threshold, self.threshold)
    name = inputs.name_of(test, 'part') if name is None else name
    loaded = inputs.load_picture(
      test, role='test', max_megapixels=self._max_megapixels, bits=bits
    )
    try:
      compared = self._compare(loaded, test)
    except CouldNotAlignError as error:
      if self.recipe.on_alignment_failure != recipes.DIFFERENT:
        raise
      return not_aligned.inspection(loaded, error, name, threshold, start)
    least = self.recipe.least_size
    candidates = self._regions.weigh(
      differences.to_boxes(compared.detection, least), compared.to_frame
    )
    return comparison.conclude(
      compared.detection,
      compared.loaded,
      candidates,
      name=name,
      threshold=threshold,
      least=least,
      start=start,
      placed=compared.placed,
    )

  def _compare(
    self, loaded: LoadedPicture, given: Picture
  ) -> comparing.Compared:
    """The differences from the good parts.

    With one good part this is what ``Detector`` does, regions included: they
    are those of the test picture then.
    """
    frame = self._parts.originals[0]
    shape = loaded.stored.pixels.shape[:2]
    mask = self._regions.mask
    if self._limits is None and (mask is None or mask.shape == shape):
      pair = inputs.join(frame.loaded, loaded)
      detection = comparison.compare(
        self._detect,
        frame,
        given,
        pair,
        None if mask is None else mask.astype(np.uint8),
        self.recipe.least_size.px,
      )
      moved = detection.registration
      shapes = pair.reference.shape[:2], pair.test.shape[:2]
      to_frame = Warp(moved.matrix, *shapes, moved.field)
      return comparing.Compared(detection, pair, to_frame, 0)
    return comparing.compare(
      self._network, self._parts, self._limits, loaded, given=given
    )
