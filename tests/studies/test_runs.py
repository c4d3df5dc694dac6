"""The transfer commands' common flags and runs, with real weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from configs import default
from tests.studies import transfer_parts
from zeroshot.run_config import compatibility
from zeroshot.studies import command, runs
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[2]


class Flags(dict):
  """Stands in for the parsed flags."""

  def __init__(self, config, value, *, present):
    flag = flags.FlagValues()
    flags.DEFINE_string('init_weights', 'default', '', flag_values=flag)
    if present:
      flag(['program', f'--init_weights={value}'])
    super().__init__(init_weights=flag['init_weights'])
    self.config = config


@pytest.mark.parametrize(
  ('field', 'given', 'expected'),
  [
    ('', None, 'default'),
    ('mine', None, 'mine'),
    ('', 'other', 'other'),
    ('mine', 'other', 'other'),
  ],
)
def test_the_weights_to_start_from(monkeypatch, field, given, expected):
  config = transfer_parts.config_of('unused', train__init_weights=field)
  parsed = Flags(config, given, present=given is not None)
  monkeypatch.setattr(command.flags, 'FLAGS', parsed)
  assert command.config_from_flags().train.init_weights == expected


def test_untrained_weights_fit_their_config():
  config = transfer_parts.config_of('unused')
  plain = compatibility.plain_config(
    runs.untrained_config(config, default.get_config())
  )
  compatibility.check_same_model(files.load('procedural').config, plain)
  assert plain['loss']['kinds'] == 0
  assert config.model.predicts_sides  # it was a copy


def test_a_training_that_breaks_is_named(monkeypatch, tmp_path):
  def broken(config, folder):
    raise FloatingPointError('loss is nan in update 3')

  monkeypatch.setattr(runs, 'train', broken)
  run = runs.Run('n1', 'n1', transfer_parts.config_of('unused'))
  with pytest.raises(SystemExit, match='n1: training stopped: loss is nan'):
    runs.make(run, tmp_path)
  assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize('name', ['few_shot', 'leave_one_out'])
def test_a_mistake_ends_in_one_line(name, tmp_path):
  words = ['--config=configs/transfer.py', f'--workdir={tmp_path / "work"}']
  done = subprocess.run(
    [sys.executable, '-m', f'launch.{name}', *words],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2
  assert done.stderr.startswith('error: no labelled pairs are named; give')
  assert done.stderr.count('\n') == 1
  assert not (tmp_path / 'work').exists()
