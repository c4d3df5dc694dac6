"""A test picture against the good parts.

outcome = compare(network, parts, limits, loaded_test, given='part.png')
outcome.detection.boxes, outcome.nearest

The network scores the test picture against the good part that is most like it.
What it finds counts where the test picture is also further from **every** good
part than good parts are from each other there: see ``appearance``. With a least
size both are compared at a fraction of the resolution, see ``parts``; what
comes out is in the pixels of the test picture as it came.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import detector, working_size
from zeroshot.detect.registered_pair import RegisteredPair
from zeroshot.inspection import could_not_align, inputs, result
from zeroshot.inspection.inputs import LoadedPair, LoadedPicture, Picture
from zeroshot.recipe import aligning, appearance
from zeroshot.recipe.network import OpenedNetwork
from zeroshot.recipe.parts import Parts
from zeroshot.registration import objections
from zeroshot.registration.registration import EstimatedMove
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

_POWER = 2  # of the share of its limit that a place reaches


class Registered(NamedTuple):
  """A test picture, registered with the frame and with one good part.

  Attributes:
    loaded: the frame and the test picture, as they were compared.
    move: of the frame onto the test picture.
    pair: with the good part that is most like the test picture.
    roi_mask: what is inspected, uint8 ``[H, W]``; None is everywhere.
    nearest: index of that good part.
  """

  loaded: LoadedPair
  move: EstimatedMove
  pair: RegisteredPair
  roi_mask: HostArray | None
  nearest: int

  @property
  def to_frame(self) -> Warp:
    """Where the test picture's pixels lie in the frame."""
    return self.move.warp

  @property
  def outcome(self) -> tuple[LoadedPair, Warp, int]:
    """What ``Compared`` takes of it."""
    return self.loaded, self.to_frame, self.nearest

  def look(self) -> HostArray:
    """See ``appearance.look``; in the lighting of the good part."""
    relit = self.pair.to_test.inverse.on(self.pair.test)
    return appearance.look(relit, self.to_frame)


class Compared(NamedTuple):
  """The outcome for a test picture.

  Attributes:
    detection: its differences from every good part.
    loaded: the frame and the test picture, as they came.
    to_frame: where the test picture's pixels lie in the frame.
    nearest: index of the good part that is most like it.
  """

  detection: detector.Detection
  loaded: LoadedPair
  to_frame: Warp
  nearest: int

  @property
  def placed(self) -> result.Placed:
    """Where the part lies, for the outcome."""
    rows = (self.to_frame.matrix / self.to_frame.matrix[2, 2]).tolist()
    return result.Placed(self.nearest + 1, tuple(tuple(row) for row in rows))


def compare(
  network: OpenedNetwork,
  parts: Parts,
  limits: HostArray | None,
  test: LoadedPicture,
  *,
  given: Picture,
) -> Compared:
  """Compares a test picture with a recipe's good parts.

  Args:
    network: of the recipe.
    parts: its good parts.
    limits: float32 ``[h, w]``, how far from them a difference is at least, see
      ``appearance.distance``; None takes all that the network finds.
    test: the test picture.
    given: as the user gave it, for messages.

  Raises:
    CouldNotAlignError: it cannot be aligned with the frame.
    ValueError: it is too dark.
  """
  registered = register(network, parts, parts.shrink(test), given=given)

  def revise(scores: HostArray) -> HostArray:
    if limits is None or not scores.any():
      return scores
    least = network.options.box_settings.threshold
    wanted = _cells_with(scores > least, registered.to_frame)
    far = appearance.distance(parts.memory, registered.look(), wanted)
    return scores * allowance(far / limits, registered.to_frame, scores.dtype)

  detection = detector.detect_registered(
    registered.pair,
    registered.move._replace(warp=registered.pair.warp),
    roi_mask=registered.roi_mask,
    scorer=network.scorer,
    options=network.options,
    calibration=network.fitted,
    revise=revise,
  )
  return _as_came(Compared(detection, *registered.outcome), parts, test)


def _as_came(small: Compared, parts: Parts, test: LoadedPicture) -> Compared:
  """The outcome in the pixels of the pictures as they came."""
  if parts.factor == 1:
    return small
  frame, good = (parts.originals[i].loaded for i in (0, small.nearest))
  loaded = inputs.join(frame, test)
  reference = as_uint8(inputs.join(good, test).reference)
  shapes = loaded.reference.shape[:2], loaded.test.shape[:2]
  return Compared(
    working_size.enlarge(
      small.detection,
      reference,
      as_uint8(loaded.test),
      factor=parts.factor_of(test),
    ),
    loaded,
    working_size.scale_warp(small.to_frame, shapes),
    small.nearest,
  )


def allowance(share: HostArray, to_frame: Warp, dtype: np.dtype) -> HostArray:
  """What scores are multiplied by: 1 where a limit is reached.

  Args:
    share: of its limit that each cell reaches, ``[h, w]``.
    to_frame: where the test picture's pixels lie in the frame.
    dtype: of the scores.

  Returns:
    ``[H, W]`` in [0, 1].
  """
  there = appearance.on_picture(share.astype(np.float32), to_frame)
  return (np.clip(there, 0, 1) ** _POWER).astype(dtype)


def register(
  network: OpenedNetwork,
  parts: Parts,
  test: LoadedPicture,
  *,
  given: Picture,
  but: int = -1,
) -> Registered:
  """Registers a test picture with the frame and the good part most like it.

  Args:
    network: of the recipe.
    parts: its good parts.
    test: the test picture, shrunk as the parts are.
    given: as the user gave it, for messages.
    but: the good part that the test picture itself is, which is left out; -1
      is none.

  Raises:
    CouldNotAlignError: it cannot be aligned with the frame.
    ValueError: it is too dark.
  """
  loaded = inputs.join(parts.frame.loaded, test)
  if but == 0:  # the frame lies in itself as it is
    move = EstimatedMove(parts.moves[0], 'none', '', np.nan, np.nan, 1.0)
  else:
    move = _estimate(network, parts, loaded, given)
  index = parts.nearest(loaded.test, move.warp, but=but)
  pair = parts.pair(index, loaded, test, move)
  mask = region_mask(parts.region, move.warp)
  return Registered(loaded, move, pair, mask, index)


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


def _cells_with(found: HostArray, to_frame: Warp) -> HostArray:
  """The cells of the frame that hold pixels of a mask ``[H, W]``, bool."""
  seen = np.repeat(found[..., np.newaxis].astype(np.uint8) * 255, 3, axis=2)
  return appearance.look(seen, to_frame)[0] > 0


def _estimate(
  network: OpenedNetwork, parts: Parts, loaded: LoadedPair, given: Picture
) -> EstimatedMove:
  """How the frame is moved onto the test picture, if that can be trusted."""
  move = aligning.onto(
    parts.frame, parts.region, loaded.reference, loaded.test, network.options
  )
  if move.mirrored or move.probability < objections.MIN_PROBABILITY:
    both = parts.frame.given, given
    move = move._replace(period_px=move.period_px * parts.factor)
    raise could_not_align.error_for(both, loaded, move)
  return move
