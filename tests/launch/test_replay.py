"""A replay as a command: what it reads, says, draws and leaves alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from launch import replay
from tests.train import parts, replay_parts
from zeroshot import checkpoints
from zeroshot.data import pictures
from zeroshot.experiments.setup import Parts
from zeroshot.report import example_sheet
from zeroshot.train import loop

ROOT = Path(__file__).resolve().parents[2]
STEP, EXAMPLE = replay_parts.UPDATE, replay_parts.EXAMPLE
CONFIG = parts.config(**replay_parts.SETTINGS)


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
  """A run that one example stopped, and what it trained with."""
  workdir = tmp_path_factory.mktemp('stopped')
  synthesise = replay_parts.spoiling(jnp.nan)
  made = Parts(**parts.built(synthesise=synthesise), initial=None)
  with pytest.raises(FloatingPointError, match=f'in update {STEP};'):
    loop.train(CONFIG, workdir=workdir, **made._asdict())
  return workdir, made


def content(folder):
  return {
    file.relative_to(folder).as_posix(): file.read_bytes()
    for file in sorted(folder.rglob('*'))
    if file.is_file()
  }


def copy(stopped, tmp_path):
  workdir, made = stopped
  shutil.copytree(workdir, tmp_path, dirs_exist_ok=True)
  return made


def has_magenta(file):
  image = pictures.read_picture(file)
  colour = np.array(example_sheet.NOT_FINITE_COLOUR, np.float32)
  return bool((image == colour).all(-1).any())


def run(workdir, made):
  checkpoint = replay.read_run(workdir, CONFIG, step=STEP)
  lines, sheet = replay.run(workdir, CONFIG, checkpoint, made, step=STEP)
  assert sheet == workdir / 'replay' / f'step-{STEP}' / 'worst.png'
  return lines, sheet.parent


def test_the_example_that_did_it_is_named_and_drawn(stopped, tmp_path):
  made = copy(stopped, tmp_path)
  before = content(tmp_path)
  lines, folder = run(tmp_path, made)
  assert lines[0].startswith(f'example {EXAMPLE} of update {STEP}: the test ')
  files = [f'example-{index:04d}.png' for index in range(8)]
  written = sorted(file.name for file in folder.iterdir())
  assert written == [*files, 'replay.json', 'worst.png']
  painted = [has_magenta(folder / name) for name in files]
  assert painted == [index == EXAMPLE for index in range(8)]
  # The worst stands first.
  sheet = pictures.read_picture(folder / 'worst.png')
  worst = pictures.read_picture(folder / files[EXAMPLE])
  np.testing.assert_array_equal(sheet[: len(worst)], worst)
  after = content(tmp_path)
  assert {name: after[name] for name in before} == before
  assert all(name in before or name.startswith('replay/') for name in after)


def test_what_is_found_is_kept_as_json_that_every_reader_accepts(
  stopped, tmp_path
):
  made = copy(stopped, tmp_path)
  lines, folder = run(tmp_path, made)

  def refuse(word):
    raise AssertionError(word)

  text = (folder / 'replay.json').read_text()
  record = json.loads(text, parse_constant=refuse)
  assert record['step'] == STEP
  assert record['verdict'] == lines
  assert record['checkpoint_step'] == 4
  assert record['earlier'] is None
  assert record['layout'] == {'platform': 'cpu', 'processes': 1, 'devices': 4}
  assert record['update']['loss'] == 'nan'
  assert [one['index'] for one in record['examples']] == list(range(8))
  bad = record['examples'][EXAMPLE]
  assert bad['terms'] == dict.fromkeys(('dice', 'square', 'loss'), 'nan')
  assert bad['gradient_norm'] == 'nan'
  assert bad['finite'] == {
    'reference': True,
    'test': False,
    'mask': True,
    'prediction': False,
  }
  assert record['examples'][0]['gradient_norm'] > 0


def test_a_damaged_checkpoint_is_passed_over_and_left(stopped, tmp_path):
  made = copy(stopped, tmp_path)
  for file in (tmp_path / 'checkpoints' / '4' / 'train').rglob('*'):
    if file.is_file():
      file.write_bytes(file.read_bytes()[:10])
  before = content(tmp_path / 'checkpoints')
  lines, folder = run(tmp_path, made)
  assert lines[0].startswith(f'example {EXAMPLE} of update {STEP}: the test ')
  assert (
    json.loads((folder / 'replay.json').read_text())['checkpoint_step'] == 0
  )
  assert content(tmp_path / 'checkpoints') == before


def test_a_workdir_without_a_run_is_refused_and_not_made(tmp_path):
  with pytest.raises(ValueError, match=r'none/config\.json is missing'):
    replay.read_run(tmp_path / 'none', CONFIG, step=1)
  assert not (tmp_path / 'none').exists()


def test_another_config_is_refused_by_field(stopped):
  other = parts.config(**{**replay_parts.SETTINGS, 'learning_rate': 0.5})
  words = r'train\.learning_rate was 0\.01 and is now 0\.5'
  with pytest.raises(ValueError, match=words):
    replay.read_run(stopped[0], other, step=STEP)


@pytest.mark.parametrize('step', [0, 13])
def test_an_update_that_the_run_does_not_have_is_refused(stopped, step):
  with pytest.raises(ValueError, match=rf'--step={step}: '):
    replay.read_run(stopped[0], CONFIG, step=step)


def test_a_run_that_went_on_with_another_config_is_followed(
  stopped, tmp_path, caplog
):
  """The checkpoint is of the old config; the run, and this, of the new."""
  copy(stopped, tmp_path)
  other = parts.config(**{**replay_parts.SETTINGS, 'learning_rate': 0.5})
  (tmp_path / 'config.json').write_text(other.to_json())
  found = replay.read_run(tmp_path, other, step=STEP)
  assert found.step == 4
  assert 'train.learning_rate was 0.01 and is now 0.5' in caplog.text


# The least that compiles: one kind of each family, nothing that differs
# between two pictures of a part, a network of one scale.
SETTINGS = [
  'synthesis.size_px=16',
  'synthesis.margin_px=2',
  'synthesis.regions.size_px=(2.0, 6.0)',
  'synthesis.regions.num_max=1',
  'synthesis.regions.polygons=0',
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
  assert first.startswith('every example: the parameters before update 2 are ')
  assert 'update 1 made them so (parameter_norm inf, ' in first
  assert layout.startswith('repeated on 4 cpu device(s): bit for bit ')
  sheet = tmp_path / 'replay' / 'step-2' / 'worst.png'
  assert wrote == f'wrote {sheet}'
  assert pictures.read_picture(sheet).shape[2] == 3
