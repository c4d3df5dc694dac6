"""Fixtures of calibration: good parts, and a config without a network."""

from __future__ import annotations

import numpy as np
import pytest

from configs import smoke
from tests.experiments.uncalibrated import plain_scorer, simulated
from zeroshot.data import pictures
from zeroshot.detect import scorers
from zeroshot.experiments import calibration


@pytest.fixture
def references(tmp_path):
  random = np.random.default_rng(0)
  for index in range(5):
    image = random.random((6, 8, 3)).repeat(8, 0).repeat(8, 1)
    pictures.write_picture(tmp_path / f'{index}.png', image)
  return sorted(tmp_path.glob('*.png'))


@pytest.fixture
def config(monkeypatch):
  """A network that scores the plain difference, and no synthesis."""
  monkeypatch.setattr(scorers, 'network_scorer', plain_scorer)
  monkeypatch.setattr(calibration, 'judge_synthetic', lambda *_: simulated())
  result = smoke.get_config()
  result.detect.registration = 'none'
  result.detect.threshold = 0.3
  result.eval.second_take.update(shift_px=3.0, rotation_deg=0.0)
  result.calibrate.update(takes=3, false_boxes_per_pair=0.4)
  return result
