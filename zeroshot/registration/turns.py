"""Rough moves between two pictures, from a correlation at every turn and scale.

  for matrix in turns.moves(reference, test, turns.WIDE_TURNS_DEG,
                            turns.WIDE_SCALES, num_best=6): ...

Small copies are correlated through Fourier transforms, which also finds
pictures whose corners all look alike. The moves are right within some pixels
where they are right at all.

Source: Kuglin and Hines, "The phase correlation image alignment method", 1975.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.registration import transforms
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

_SEARCH_PX = 96  # longest side of the correlated copies
_CANVAS_PX = 192  # they are correlated in, so that nothing wraps around
_BATCH = 64
_WHITENING = 0.5  # 0 correlation, 1 phase correlation

NARROW_TURNS_DEG = tuple(np.arange(-14.0, 14.1, 2.0))
NARROW_SCALES = (0.93, 1.0, 1.07)
WIDE_TURNS_DEG = tuple(np.arange(-180.0, 180.0, 6.0))
WIDE_SCALES = tuple(np.geomspace(0.4, 2.5, 12))


def moves(
  reference: Pyramid,
  test: Pyramid,
  turns_deg: Sequence[float],
  scales: Sequence[float],
  *,
  num_best: int,
) -> list[HostArray]:
  """Returns the best correlated moves among those of given turns and scales.

  Args:
    reference: the one picture.
    test: the other.
    turns_deg: of the reference against the test picture.
    scales: how much larger the reference's subject is than the test
      picture's, where both are shrunk to one longest side.
    num_best: of moves to return.

  Returns:
    Float64 ``[3, 3]`` each, the best correlated first.
  """
  old = reference.plane(reference.factor(_SEARCH_PX))
  new = test.plane(test.factor(_SEARCH_PX))
  content = np.ones(old.shape, np.float32) if old.valid is None else old.valid
  texture = old.texture * content
  target = _on_canvas(new.texture, np.eye(3))
  spectrum = _whiten(np.fft.rfft2(target))
  grid = [
    _about_centres(turn, scale, old.shape, new.shape)
    for turn in turns_deg
    for scale in scales
  ]
  scored: list[tuple[float, HostArray]] = []
  for start in range(0, len(grid), _BATCH):
    scored += _correlated(texture, grid[start : start + _BATCH], spectrum)
  scored.sort(key=lambda pair: -pair[0])
  return [
    transforms.between_sizes(
      matrix,
      from_shapes=(old.shape, new.shape),
      to_shapes=(reference.shape, test.shape),
    )
    for _, matrix in scored[:num_best]
  ]


def _correlated(
  texture: HostArray, matrices: list[HostArray], spectrum: HostArray
) -> list[tuple[float, HostArray]]:
  """The best shift after each move, with its peak in standard deviations.

  Args:
    texture: of the reference, ``[h, w]``.
    matrices: the moves.
    spectrum: of the test picture on its canvas, whitened.
  """
  moved = np.stack([_on_canvas(texture, matrix) for matrix in matrices])
  spectra = _whiten(np.fft.rfft2(moved))
  surfaces = np.fft.irfft2(
    np.conj(spectra) * spectrum, s=(_CANVAS_PX, _CANVAS_PX)
  )
  scored = []
  for matrix, surface in zip(matrices, surfaces, strict=True):
    peak = int(surface.argmax())
    dy, dx = (_signed(n) for n in divmod(peak, _CANVAS_PX))
    value = float(surface.ravel()[peak]) / (float(surface.std()) + 1e-9)
    scored.append((value, matrix @ transforms.translation(-dx, -dy)))
  return scored


def _about_centres(
  turn_deg: float,
  scale: float,
  reference_shape: tuple[int, int],
  test_shape: tuple[int, int],
) -> HostArray:
  """The matrix that turns and scales, from centre to centre."""
  (h, w), (height, width) = reference_shape, test_shape
  turned = cv2.getRotationMatrix2D((0.0, 0.0), turn_deg, scale)
  return (
    transforms.translation((w - 1) / 2, (h - 1) / 2)
    @ np.vstack([turned, (0.0, 0.0, 1.0)])
    @ transforms.translation(-(width - 1) / 2, -(height - 1) / 2)
  )


def _on_canvas(texture: HostArray, matrix: HostArray) -> HostArray:
  """A texture moved into the test picture's grid, and 0 around it."""
  return cv2.warpAffine(
    texture,
    (matrix @ transforms.translation(-_CANVAS_PX / 4, -_CANVAS_PX / 4))[:2],
    (_CANVAS_PX, _CANVAS_PX),
    flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
    borderMode=cv2.BORDER_CONSTANT,
  )


def _whiten(spectrum: HostArray) -> HostArray:
  return spectrum / (np.abs(spectrum) ** _WHITENING + 1e-6)


def _signed(cell: int) -> int:
  """A cyclic shift, in [-half, half)."""
  return cell - _CANVAS_PX if cell >= _CANVAS_PX // 2 else cell
