"""A test picture against the good parts that are most like it.

outcome = compare(network, parts, maps, loaded_test, given='part.png')
outcome.detection.boxes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from zeroshot.detect import detector, pair_input, scan
from zeroshot.detect.registered_pair import RegisteredPair, without_rim
from zeroshot.inspection import could_not_align, inputs
from zeroshot.inspection.inputs import LoadedPair, LoadedPicture, Picture
from zeroshot.recipe.network import OpenedNetwork
from zeroshot.recipe.parts import Parts
from zeroshot.registration import objections
from zeroshot.registration.registration import EstimatedMove
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

NEAREST = 3  # good parts that a test picture is compared with


class Compared(NamedTuple):
  """The outcome for a test picture.

  Attributes:
    detection: its differences from every good part near it.
    loaded: the frame and the test picture, as they were compared.
    chosen: indices of the good parts, the most alike first.
    to_frame: where the test picture's pixels lie in the frame.
  """

  detection: detector.Detection
  loaded: LoadedPair
  chosen: list[int]
  to_frame: Warp


def compare(
  network: OpenedNetwork,
  parts: Parts,
  maps: Mapping[str, HostArray],
  test: LoadedPicture,
  *,
  given: Picture,
) -> Compared:
  """Compares a test picture with a recipe's good parts.

  Args:
    network: of the recipe.
    parts: its good parts.
    maps: what was learned.
    test: the test picture.
    given: as the user gave it, for messages.

  Raises:
    CouldNotAlignError: it cannot be aligned with the frame.
    ValueError: it is too dark.
  """
  loaded = inputs.join(parts.frame.loaded, test)
  move = _register(network, parts, loaded, given)
  chosen = parts.nearest(loaded.test, move.warp, count=NEAREST)
  pair, *others = [parts.pair(i, loaded, test, move) for i in chosen]
  roi_mask = region_mask(parts.region, move.warp)

  def revise(scores: HostArray) -> HostArray:
    for other in others:
      scores = np.minimum(scores, _scores(network, other, roi_mask))
    return scores

  detection = detector.detect_registered(
    pair,
    move._replace(warp=pair.warp),
    roi_mask=roi_mask,
    scorer=network.scorer,
    options=network.options,
    calibration=network.fitted,
    revise=revise if others else None,
  )
  return Compared(detection, loaded, chosen, move.warp)


def _scores(
  network: OpenedNetwork, pair: RegisteredPair, roi_mask: HostArray | None
) -> HostArray:
  """Scores of a pair; 1 where its good part has no content."""
  grid = scan.tile_grid_of(pair, network.scorer, network.options)
  scores = scan.scan_pair(pair, network.scorer, roi_mask, grid).scores
  valid = pair.valid()
  if valid.all():
    return scores
  return np.where(without_rim(valid) > 0, scores, np.ones_like(scores))


def region_mask(region: HostArray | None, warp: Warp) -> HostArray | None:
  """What is inspected, in the test picture's grid, uint8 ``[H, W]``.

  Args:
    region: bool, in the frame; None is everywhere.
    warp: from the test picture into the frame.
  """
  if region is None:
    return None
  tile = Tile(0, 0, *warp.test_shape)
  share = warp.resample(region.astype(np.float32), tile)
  inside = (share > 0.5) & warp.inside(tile)
  return inside.astype(np.uint8)


def _register(
  network: OpenedNetwork, parts: Parts, loaded: LoadedPair, given: Picture
) -> EstimatedMove:
  """How the frame is moved onto the test picture, if that can be trusted."""

  def check(move: EstimatedMove) -> None:
    if move.mirrored or move.probability < objections.MIN_PROBABILITY:
      both = parts.frame.given, given
      raise could_not_align.error_for(both, loaded, move)

  known = parts.frame.known(loaded.reference)
  pixels, prepared = pair_input.known(known)
  region = parts.region
  same_size = region is not None and region.shape == loaded.test.shape[:2]
  roi_mask = (
    region.astype(np.uint8) if region is not None and same_size else None
  )
  return pair_input.estimate_move(
    pixels, loaded.test, None, roi_mask, network.options, check, prepared
  )
