"""The scaling command, as a user starts it, and its arithmetic."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from launch import scaling
from launch.scaling_table import to_markdown
from tests.train import parts
from zeroshot.experiments import setup
from zeroshot.model.siamese import Prediction

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'launch.scaling', *arguments],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


def test_memory_is_fitted_by_a_line():
  points = [
    {'pairs': pairs, 'size_px': side, 'bytes': 500 + 7 * pairs * side**2}
    for pairs, side in ((1, 10), (4, 10), (1, 30))
  ]
  model = scaling.fit_memory(points)
  assert model.fixed == pytest.approx(500)
  assert model.per_pixel == pytest.approx(7)
  assert model.worst_error < 1e-9
  assert model.most_pixels(7500) == pytest.approx(1000)
  bent = [*points, {'pairs': 2, 'size_px': 10, 'bytes': 3800}]
  assert scaling.fit_memory(bent).worst_error > 0.1


class Net(nn.Module):
  """A network of toy size that can also be scored."""

  stride = 1

  @nn.compact
  def __call__(self, reference, test):
    x = nn.relu(nn.Conv(4, (3, 3))(jnp.concatenate([reference, test], -1)))
    return Prediction(nn.Conv(1, (1, 1))(x)[..., 0], ())


def prepare(config):
  """Parts of toy size, which compile in no time."""
  return setup.Parts(
    synthesise=functools.partial(
      parts.synthesise, size_px=config.synthesis.size_px
    ),
    bank=np.zeros((1, 64, 64, 3), np.uint8),
    model=Net(),
    loss=parts.loss,
    initial=None,
  )


@pytest.mark.slow
def test_figures_and_tables(monkeypatch):
  monkeypatch.setattr(setup, 'prepare', prepare)
  config = parts.config()
  config.synthesis.size_px = 32
  figures = scaling.measure(
    config,
    pairs=4,
    num_devices=2,
    step_seconds=[0.5, 0.01],
    memory_bytes=1e9,
  )
  # A float32 for each parameter is most of what is sent; no picture travels,
  # the smallest of which has 4 * 32 * 32 bytes.
  assert figures['parameters'] == 9 * 6 * 4 + 4 + 4 + 1
  sent = figures['communication']['kinds']
  assert set(sent) == {'all-reduce'}
  gradient = 4 * figures['parameters']
  assert gradient < sent['all-reduce']['bytes'] < gradient + 100
  assert 0 < figures['arithmetic']['synthesis_share'] < 1
  assert figures['arithmetic']['gigaflop_per_pair'] > 1e-4
  points = figures['training_memory']['points']
  assert [(each['pairs'], each['size_px']) for each in points] == [
    (4, 32),
    (8, 32),
    (4, 64),
  ]
  assert points[0]['bytes'] < points[1]['bytes'] < points[2]['bytes']
  largest = figures['largest']
  model = scaling.MemoryModel(**figures['training_memory']['model'])
  batch, side = largest['batch_per_device'], largest['training_size_px']
  assert batch <= model.most_pixels(1e9) / 32**2 < batch + 1
  assert side % 64 == 0
  assert side**2 <= model.most_pixels(1e9) < (side + 64) ** 2
  slow, fast = figures['weak_scaling']
  assert (slow['step_seconds'], fast['step_seconds']) == (0.5, 0.01)
  for a, b in zip(slow['rows'], fast['rows'], strict=True):
    assert 1 > a['ring']['efficiency'] > b['ring']['efficiency'] > 0
  table = to_markdown(figures)
  assert f'| parameters | {figures["parameters"]} |' in table
  assert table.count('| NVLink 4 | 512 |') == 2


@pytest.mark.slow
@pytest.mark.parametrize(
  ('flag', 'words'),
  [
    ('--step_seconds=2,0', "--step_seconds has '0'"),
    ('--step_seconds=fast', "--step_seconds has 'fast'"),
    ('--table=/nowhere/table.md', '--table=/nowhere/table.md: make its folder'),
  ],
)
def test_what_cannot_be_is_one_line_before_anything_compiles(flag, words):
  done = start('--config=configs/smoke.py', flag)
  assert done.returncode == 2
  assert done.stderr.startswith(f'error: {words}')
  assert done.stderr.count('\n') == 1
