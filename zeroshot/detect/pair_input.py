"""What detection is given: two pictures, masks, a known reference; the move.

pixels, prepared = known(reference)
check(pixels, test, reference_mask, roi_mask)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from zeroshot.data.pair_shapes import check_picture_shape
from zeroshot.detect.settings import DetectSettings
from zeroshot.registration import local_field, register
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray


class KnownReference(NamedTuple):
  """A reference for many test pictures.

  Attributes:
    pixels: uint8 ``[H, W, 3]``.
    prepared: of ``register.prepare``, without a mask.
  """

  pixels: HostArray
  prepared: Pyramid


def known(
  reference: HostArray | KnownReference,
) -> tuple[HostArray, Pyramid | None]:
  """The pixels of a reference, and what is prepared of it, if anything."""
  if isinstance(reference, KnownReference):
    return reference.pixels, reference.prepared
  return reference, None


def check(
  reference: HostArray,
  test: HostArray,
  reference_mask: HostArray | None,
  roi_mask: HostArray | None,
) -> None:
  """Raises ValueError unless all are what ``detector.detect`` takes."""
  pictures = {'reference': reference, 'test': test}
  masks = {'reference_mask': reference_mask, 'roi_mask': roi_mask}
  for (name, picture), (mask_name, mask) in zip(
    pictures.items(), masks.items(), strict=True
  ):
    check_picture_shape(picture, name)
    if mask is not None and mask.shape != picture.shape[:2]:
      raise ValueError(f'{mask_name} is {mask.shape}; give {picture.shape[:2]}')


def estimate_move(
  reference: HostArray,
  test: HostArray,
  reference_mask: HostArray | None,
  roi_mask: HostArray | None,
  options: DetectSettings,
  check_move: Callable[[register.EstimatedMove], None] | None,
  prepared: Pyramid | None,
) -> register.EstimatedMove:
  """How the reference is moved, once it is accepted; see ``detector``."""
  move = register.estimate_move(
    reference,
    test,
    reference_mask,
    method=options.registration,
    roi_mask=roi_mask,
    prepared=prepared,
  )
  if check_move is not None:
    check_move(move)
  if options.local_field:
    move = local_field.with_local_field(move, reference, test, reference_mask)
  return move
