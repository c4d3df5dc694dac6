"""Small sets of pictures with detections, and their metrics as JSON."""

from __future__ import annotations

import numpy as np

from zeroshot.evaluate import protocols
from zeroshot.types import Boxes

NO_MARGIN = {'official': 0, 'shrunk': 0, 'as_published': 0, 'coco': 0}


def boxes(*xyxy, confidence=None):
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  if confidence is None:
    confidence = np.ones(len(xyxy))
  return Boxes(xyxy, np.asarray(confidence, np.float32), ('open',) * len(xyxy))


def half_open(detections):
  """Boxes whose second corner is the last pixel inside, as detections."""
  return detections._replace(xyxy=detections.xyxy + np.float32([0, 0, 1, 1]))


def picture(name, truth, detections, *, group='g', valid=None):
  """One of 100 x 120 px; both sides in the annotators' terms."""
  return protocols.PictureResult(
    name, group, 100, 120, truth, half_open(detections), valid
  )


def evaluate(pictures, **changes):
  settings = {
    'iou_threshold': 0.33,
    'box_margin_px': NO_MARGIN,
    'bootstrap_samples': 20,
    'seed': 0,
  }
  metrics = protocols.evaluate_detections(pictures, **settings | changes)
  return metrics.to_json()


def random_set(seed=0, count=12):
  """Truth, and jittered detections of it, some missing, some false."""
  random = np.random.default_rng(seed)
  pictures = []
  for index in range(count):
    corner = random.integers(5, 60, (random.integers(0, 5), 2))
    truth = np.concatenate([corner, corner + 24], 1)
    false = random.integers(0, 60, (random.integers(0, 3), 2))
    xyxy = np.concatenate(
      [
        truth[random.random(len(truth)) < 0.8] + random.integers(-5, 6, 4),
        np.concatenate([false, false + 15], 1),
      ]
    )
    pictures.append(
      picture(
        f'{index:08d}',
        boxes(*truth),
        boxes(*xyxy, confidence=random.random(len(xyxy))),
        group=f'group{index % 3}',
      )
    )
  return pictures
