"""How often pictures that were moved by a known amount are aligned right.

  outcomes = alignments.measure(paths, num_cases=1000, seed=0)
  outcomes['shift'].silent   # wrong by more than 1 px, and no word of it

Each case moves a picture, lights it otherwise, adds noise and small defects,
and aligns the original with it. Cases of two pictures, and of a mirrored one,
must be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.registration import objections, register, resampling, transforms
from zeroshot.types import HostArray

KINDS = ('turn', 'scale', 'crop', 'perspective', 'shift')
FOREIGN = ('other', 'mirrored')
_LONGEST_PX = 1280  # of the pictures that are moved
_RIGHT_PX = 1.0  # of 99 % of the pixels with structure
_EDGE = 12.0  # least slope of such a pixel, of 255


class Case(NamedTuple):
  """A pair with a known move.

  Attributes:
    reference: uint8 ``[H, W, 3]``.
    test: uint8 ``[h, w, 3]``.
    matrix: float64 ``[3, 3]``, see ``transforms``; None where there is none.
  """

  reference: HostArray
  test: HostArray
  matrix: HostArray | None


class Outcomes(NamedTuple):
  """Numbers of cases of a kind.

  Attributes:
    right: within 1 px.
    refused: with an error.
    warned: farther off, with a warning.
    silent: farther off, without a word.
  """

  right: int = 0
  refused: int = 0
  warned: int = 0
  silent: int = 0


def measure(
  paths: Sequence[Path], *, num_cases: int, seed: int
) -> dict[str, Outcomes]:
  """Aligns moved pictures and counts the outcomes.

  Args:
    paths: of pictures, at least two.
    num_cases: of known moves; half as many are to be refused.
    seed: of the moves.

  Returns:
    Outcomes by kind.
  """
  outcomes = dict.fromkeys((*KINDS, *FOREIGN), Outcomes())
  for kind, case in _cases(paths, num_cases, np.random.default_rng(seed)):
    before = outcomes[kind]._asdict()
    outcome = judge(case)
    outcomes[kind] = Outcomes(**{**before, outcome: before[outcome] + 1})
  return outcomes


def judge(case: Case) -> str:
  """Aligns a pair; returns the name of the outcome, see ``Outcomes``."""
  move = register.estimate_move(case.reference, case.test, method='homography')
  if move.mirrored or move.probability < objections.MIN_PROBABILITY:
    return 'refused'
  if case.matrix is not None and _error_px(move, case) <= _RIGHT_PX:
    return 'right'
  is_unknown = np.isnan(move.probability)
  doubted = move.is_coarse or move.is_rough or move.period_px > 0
  return 'warned' if doubted or is_unknown else 'silent'


def move_picture(
  picture: HostArray, kind: str, random: np.random.Generator
) -> Case:
  """Moves a picture as a camera would.

  Args:
    picture: uint8 ``[H, W, 3]``.
    kind: one of ``KINDS``: a turn by a multiple of 15 degrees, a scale of 0.5
      to 2, a crop to 60 to 90 %, corners displaced by up to 8 %, or a shift by
      up to 40 % of the sides.
    random: draws the rest.
  """
  height, width = picture.shape[:2]
  turn_deg = 15.0 * random.integers(24) if kind == 'turn' else 0.0
  turn_deg += random.uniform(-3, 3)
  scale = np.exp(random.uniform(np.log(0.5), np.log(2)))
  matrix = transforms.turn_and_scale(
    turn_deg, scale if kind == 'scale' else 1.0, height=height, width=width
  )
  if kind == 'shift':
    share = random.uniform(-0.4, 0.4, 2)
    matrix = transforms.translation(*(share * (width, height))) @ matrix
  if kind == 'perspective':
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (width, height)
    away = corners + random.uniform(-0.08, 0.08, (4, 2)) * (width, height)
    tilt = cv2.getPerspectiveTransform(
      corners.astype(np.float32), away.astype(np.float32)
    )
    matrix = tilt @ matrix
  source = picture
  if kind == 'scale' and scale > 1:
    source = cv2.GaussianBlur(picture, (0, 0), 0.5 * scale)
  moved = cv2.warpPerspective(
    source,
    matrix,
    (width, height),
    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    borderValue=(90, 95, 100),
  )
  if kind == 'crop':
    left, top, right, bottom = _crop(width, height, random)
    moved = moved[top:bottom, left:right]
    matrix = matrix @ transforms.translation(left, top)
  return Case(picture, _relight(moved, random), matrix / matrix[2, 2])


def _cases(
  paths: Sequence[Path], num_cases: int, random: np.random.Generator
) -> Iterator[tuple[str, Case]]:
  kinds = [KINDS[n % len(KINDS)] for n in range(num_cases)]
  kinds += [FOREIGN[n % len(FOREIGN)] for n in range(num_cases // 2)]
  for kind in kinds:
    first, second = random.choice(len(paths), 2, replace=False)
    picture = _read(paths[first])
    if kind == 'other':
      yield kind, Case(picture, _relight(_read(paths[second]), random), None)
    elif kind == 'mirrored':
      mirror = np.ascontiguousarray(picture[:, ::-1])
      yield kind, Case(mirror, _relight(picture, random), None)
    else:
      yield kind, move_picture(picture, kind, random)


def _read(path: Path) -> HostArray:
  picture = pictures.as_uint8(pictures.read_pixels(path))
  factor = _LONGEST_PX / max(picture.shape[:2])
  if factor >= 1:
    return picture
  return cv2.resize(
    picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
  )


def _crop(
  width: int, height: int, random: np.random.Generator
) -> tuple[int, int, int, int]:
  """A window of 60 to 90 % of the sides: left, top, right, bottom."""
  w, h = (int(s * random.uniform(0.6, 0.9)) for s in (width, height))
  left, top = random.integers(width - w + 1), random.integers(height - h + 1)
  return int(left), int(top), int(left + w), int(top + h)


def _relight(picture: HostArray, random: np.random.Generator) -> HostArray:
  """The picture under other light, with noise and three small defects."""
  height, width = picture.shape[:2]
  light = cv2.resize(
    random.uniform(0.6, 1.2, (3, 3)).astype(np.float32),
    (width, height),
    interpolation=cv2.INTER_CUBIC,
  )
  relit = picture * light[..., None] + random.uniform(-15, 15)
  relit += random.normal(0, 3, relit.shape)
  result = np.clip(relit, 0, 255).astype(np.uint8)
  for _ in range(3):
    x, y = random.integers(width - 20), random.integers(height - 20)
    w, h = random.integers(5, 20, 2)
    result[y : y + h, x : x + w] = random.integers(0, 255, 3)
  return result


def _error_px(move: register.EstimatedMove, case: Case) -> float:
  """How far 99 % of the pixels with structure lie from where they belong."""
  assert case.matrix is not None
  height, width = case.test.shape[:2]
  seen = resampling.warp(case.reference, case.matrix, shape=(height, width))
  grey = cv2.GaussianBlur(
    cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.5
  )
  slope = np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))
  rows, columns = np.nonzero(slope[::3, ::3] > _EDGE)
  points = np.stack([columns * 3, rows * 3, np.ones(len(rows))])
  truth, estimate = (m @ points for m in (case.matrix, move.warp.matrix))
  truth, estimate = truth[:2] / truth[2], estimate[:2] / estimate[2]
  h, w = case.reference.shape[:2]
  inside = (truth >= 2).all(axis=0) & (truth[0] < w - 2) & (truth[1] < h - 2)
  if not inside.any():
    return 0.0
  apart = np.hypot(*(truth - estimate))[inside]
  scale = transforms.scale_at_centre(case.matrix, (height, width))
  return float(np.quantile(apart, 0.99)) / scale
