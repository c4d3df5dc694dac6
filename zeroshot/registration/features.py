"""Rough moves between two pictures, from local features.

  for matrix in features.moves(reference, test): ...

Local features (SIFT) find any turn, scale and perspective where the picture has
distinct corners. Where many corners look alike, as on circuit boards, few
matches are right, but those vote for one move.

Sources: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV
2004; Barath et al., "MAGSAC++", CVPR 2020.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import transforms
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

_FEATURES_PX = 640  # longest side where features are detected
_NUM_FEATURES = 1500
_RATIO = 0.85  # of the distances to the nearest and second nearest feature
_MIN_MATCHES = 6
_RANSAC_SHARE = 0.006  # of the extent of the points
_MAX_SCALE = 3.0  # of a match, or its inverse
_NUM_VOTED = 3
_RANSAC_ITERATIONS = 10_000


class Features(NamedTuple):
  """Key points of a picture.

  Attributes:
    points: float32 ``[N, 2]``, x and y in pixels of the whole picture.
    sizes: float32 ``[N]``, pixels.
    angles: float32 ``[N]``, radians.
    descriptors: float32 ``[N, 128]``.
  """

  points: HostArray
  sizes: HostArray
  angles: HostArray
  descriptors: HostArray


def _features(picture: Pyramid) -> Features:
  """Returns the features of a picture, found once."""
  return picture.once('features', _find_features)


def _find_features(picture: Pyramid) -> Features:
  plane = picture.plane(picture.factor(_FEATURES_PX))
  content = None
  if plane.valid is not None:
    content = (plane.valid * 255).astype(np.uint8)
  detector = cv2.SIFT.create(nfeatures=_NUM_FEATURES, contrastThreshold=0.02)
  points, descriptors = detector.detectAndCompute(plane.grey, content)
  if not points:
    empty = np.zeros(0, np.float32)
    return Features(empty.reshape(0, 2), empty, empty, empty.reshape(0, 128))
  places = np.array([point.pt for point in points], np.float32)
  to_whole = transforms.resize(plane.shape, picture.shape)
  return Features(
    (places * np.diag(to_whole)[:2] + to_whole[:2, 2]).astype(np.float32),
    np.array([point.size for point in points], np.float32) * to_whole[0, 0],
    np.radians([point.angle for point in points], dtype=np.float32),
    descriptors,
  )


def moves(reference: Pyramid, test: Pyramid) -> list[HostArray]:
  """Returns moves that many matched features agree on.

  Args:
    reference: the one picture.
    test: the other.

  Returns:
    Float64 ``[3, 3]`` each: homographies of distinctive features, then
    similarities of what most features vote for.
  """
  old, new = _features(reference), _features(test)
  if min(len(old.points), len(new.points)) < _MIN_MATCHES:
    return []
  matcher = cv2.BFMatcher(cv2.NORM_L2)
  matched = matcher.knnMatch(new.descriptors, old.descriptors, k=3)
  distance = np.array([[match.distance for match in row] for row in matched])
  there = np.array([[match.trainIdx for match in row] for row in matched])
  here = np.arange(len(matched))
  distinct = distance[:, 0] < _RATIO * distance[:, 1]
  found = _homographies(
    new.points[here[distinct]], old.points[there[distinct, 0]]
  )
  here, there = np.repeat(here, there.shape[1]), there.ravel()
  return found + _voted(old, new, here, there)


def _homographies(here: HostArray, there: HostArray) -> list[HostArray]:
  """The homography that most of matched points agree on, if there is one."""
  if len(here) < _MIN_MATCHES:
    return []
  spread = float(np.ptp(there, axis=0).max())
  cv2.setRNGSeed(0)
  homography, _ = cv2.findHomography(
    here,
    there,
    method=cv2.USAC_MAGSAC,
    ransacReprojThreshold=max(_RANSAC_SHARE * spread, 1.0),
    maxIters=_RANSAC_ITERATIONS,
    confidence=0.999,
  )
  # None where there is none, which OpenCV's types do not say.
  return [homography] if np.size(homography) == 9 else []


def _voted(
  reference: Features, test: Features, here: HostArray, there: HostArray
) -> list[HostArray]:
  """The similarities that most matches vote for.

  A match of two features gives a turn, a scale and a shift by itself, so right
  ones gather even where nearly all are wrong.
  """
  turn = reference.angles[there] - test.angles[here]
  scale = reference.sizes[there] / test.sizes[here]
  usable = (scale > 1 / _MAX_SCALE) & (scale < _MAX_SCALE)
  here, there, turn, scale = (
    values[usable] for values in (here, there, turn, scale)
  )
  if not len(here):
    return []
  cell = max(float(np.ptp(reference.points, axis=0).max()) / 12, 1.0)
  votes = _votes(
    test.points[here], reference.points[there], turn, scale, cell_px=cell
  )
  # Imported here since most pairs need no features, and it takes 0.2 s.
  from scipy import spatial

  tree = spatial.cKDTree(votes)
  supporters = tree.query_ball_point(votes, 1.0, return_length=True)
  moves: list[HostArray] = []
  for _ in range(_NUM_VOTED):
    best = int(supporters.argmax())
    members = tree.query_ball_point(votes[best], 1.0)
    if len(members) < 3:
      break
    supporters[tree.query_ball_point(votes[best], 2.0)] = 0
    cv2.setRNGSeed(0)
    affine, _ = cv2.estimateAffinePartial2D(
      test.points[here[members]],
      reference.points[there[members]],
      method=cv2.RANSAC,
      ransacReprojThreshold=cell / 4,
    )
    if affine is not None:
      moves.append(np.vstack([affine, (0.0, 0.0, 1.0)]))
  return moves


def _votes(
  here: HostArray,
  there: HostArray,
  turn: HostArray,
  scale: HostArray,
  *,
  cell_px: float,
) -> HostArray:
  """What each match says of the move: two votes within 1 mean the same.

  Args:
    here: points of the test picture, ``[N, 2]``.
    there: of the reference.
    turn: radians, ``[N]``.
    scale: ``[N]``.
    cell_px: by how much votes on the shift may differ.

  Returns:
    Float ``[N, 5]``.
  """
  offset = here.mean(axis=0) - here
  cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
  across = there[:, 0] + cosine * offset[:, 0] - sine * offset[:, 1]
  down = there[:, 1] + sine * offset[:, 0] + cosine * offset[:, 1]
  turned = np.cos(turn) * 4, np.sin(turn) * 4
  votes = [*turned, np.log2(scale) * 3, across / cell_px, down / cell_px]
  return np.stack(votes, axis=1)
