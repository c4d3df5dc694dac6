"""Weights without a network, and judged boxes to calibrate on."""

from __future__ import annotations

import numpy as np

from zeroshot.detect.calibration import Calibration, apply_calibration
from zeroshot.run_config import compatibility
from zeroshot.weights import files

TRUE = Calibration(slope=2.0, offset=-1.0, threshold=0.0)


def simulated(count=4000):
  """Judged boxes whose best calibration is known."""
  random = np.random.default_rng(0)
  score = random.uniform(0.01, 0.99, count)
  return score, random.random(count) < apply_calibration(score, TRUE)


def weights(config, stored=None):
  return files.Weights({}, compatibility.plain_config(config), 5, stored)
