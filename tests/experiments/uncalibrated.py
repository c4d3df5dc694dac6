"""Weights without a network, its stand-in, and judged boxes."""

from __future__ import annotations

import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.detect import scorers
from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.run_config import compatibility
from zeroshot.weights import files

TRUE = Calibration(slope=2.0, offset=-1.0, threshold=0.0)


def simulated(count=4000):
  """Judged boxes whose best calibration is known."""
  random = np.random.default_rng(0)
  score = random.uniform(0.01, 0.99, count)
  return score, random.random(count) < apply_calibration(score, TRUE)


def plain_scorer(*_):
  """Stands in for the network: the largest difference of a channel."""

  def score(reference, test):
    return np.abs(as_image(reference) - as_image(test)).max(-1)

  return scorers.Scorer(score, stride_px=1)


def weights(config, stored=None):
  return files.Weights({}, compatibility.plain_config(config), 5, stored)
