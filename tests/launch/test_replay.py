"""The replay of an update as a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zeroshot import checkpoints
from zeroshot.data import pictures

ROOT = Path(__file__).resolve().parents[2]
# The least that compiles: one kind of each family, nothing that differs
# between two pictures of a part, a network of one scale.
SETTINGS = [
  'synthesis.size_px=16',
  'synthesis.margin_px=2',
  'synthesis.regions.size_px=(2.0, 6.0)',
  'synthesis.regions.num_max=1',
  'synthesis.regions.polygons=0',
  'synthesis.regions.specks=1.0',
  'synthesis.fills.background=0',
  'synthesis.backgrounds.soft=1',
  'synthesis.backgrounds.thresholded=0',
  'synthesis.backgrounds.strokes=0',
  'synthesis.backgrounds.polygons=0',
  *(
    f'synthesis.nuisances.{name}.probability=0'
    for name in (
      *('shift', 'warp', 'brightness', 'contrast', 'blur', 'noise'),
      *('blocking', 'binarisation'),
    )
  ),
  'model.widths=(4,)',
  'model.depths=(1,)',
  'model.match_radii=(0,)',
  'model.decoder_widths=(4,)',
  'model.decoder_depths=(1,)',
  'train.batch_size=4',
  'train.warmup_steps=4',
  'train.sample_every=0',
  'train.log_every=1',
  'train.learning_rate=1e30',
]


def start(command, workdir, *more):
  return subprocess.run(
    [
      sys.executable,
      *('-m', command),
      f'--config={ROOT / "configs" / "smoke.py"}',
      f'--workdir={workdir}',
      *(f'--config.{setting}' for setting in SETTINGS),
      *more,
    ],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


@pytest.mark.slow
def test_by_command_from_training_to_verdict(tmp_path):
  done = start('launch.train', tmp_path)
  assert done.returncode == 1, done.stderr
  assert 'parameter_norm is inf in update 1;' in done.stderr
  with checkpoints.open_checkpoints(tmp_path, read_only=True) as manager:
    assert not manager.all_steps()
  done = start('launch.replay', tmp_path, '--step=2')
  assert done.returncode == 0, done.stderr
  first, layout, wrote = done.stdout.splitlines()
  assert first.startswith('update 1 was not finite already (parameter_norm inf')
  assert layout.startswith('repeated on 4 cpu device(s): bit for bit ')
  sheet = tmp_path / 'replay' / 'step-2' / 'worst.png'
  assert wrote == f'wrote {sheet}'
  assert pictures.read_picture(sheet).shape[2] == 3
  assert (sheet.parent / 'replay.json').is_file()
