"""Override lines: joined, applied, and refused by name."""

from __future__ import annotations

import pytest

from zeroshot.run_config import overrides


def test_later_lines_hold_and_keep_their_place():
  merged = overrides.merge(['a=1', 'b.c=2'], ['a=(3,4)', 'd=x=y'], field='f')
  assert merged == ('a=(3,4)', 'b.c=2', 'd=x=y')


@pytest.mark.parametrize(
  ('lines', 'message'),
  [
    (['a=1', 'a=2'], 'f: a is set twice'),
    (['a'], "f: 'a' is no line; write name=value"),
    (['--config.a=1'], 'is no line'),
    ([''], 'is no line'),
  ],
)
def test_a_wrong_line_is_refused(lines, message):
  with pytest.raises(ValueError, match=message):
    overrides.merge(lines, field='f')


def test_lines_are_applied_as_a_command_would():
  lines = ['seed=7', 'model.widths=(1,2)', 'train.ema_decay=0', 'eval.root=a,b']
  settings = overrides.resolve('configs/smoke.py', lines, field='f')
  assert (settings['seed'], settings['model']['widths']) == (7, [1, 2])
  assert settings['train']['ema_decay'] == 0.0
  assert settings['eval']['root'] == 'a,b'
  assert settings['synthesis']['size_px'] == 64  # of smoke.py


@pytest.mark.parametrize(
  'line', ['train.stepss=3', 'train.steps=x', 'seed.a=1', 'model=3']
)
def test_the_line_that_cannot_be_applied_is_named(line):
  with pytest.raises(ValueError, match=f"does not take the line '{line}'"):
    overrides.resolve('configs/smoke.py', ['seed=1', line], field='f')


def test_a_missing_config_is_named():
  with pytest.raises(ValueError, match=r'no/such.py cannot be read'):
    overrides.resolve('no/such.py', [], field='f')
