"""How a command fails: a user's mistake in one line, ours with a traceback."""

from __future__ import annotations

import functools

import pytest

from tests import forked

CONFIG = '--config=configs/default.py'

PROGRAM = """
import errno
import json
import pathlib
import sys
from absl import flags
from zeroshot.runtime import cli, distributed


def refuse(*positions, **settings):
  raise ConnectionRefusedError(errno.ECONNREFUSED, 'nobody answers')


def main(argv):
  assert argv == [sys.argv[0]], argv
  config = flags.FLAGS.config
  mode = flags.FLAGS.mode
  if mode == 'ours':
    raise ValueError(
      f'a.png: bad seed {config.seed};\\n use another'
    )
  elif mode == 'library': json.loads('{')
  elif mode == 'builtin': int('x')
  elif mode == 'file': open('/no/such/file')
  elif mode == 'folder': pathlib.Path('/no/such/folder').mkdir()
  elif mode == 'typo': config.sed
  elif mode == 'lock': config.new = 1
  elif mode == 'nan': raise FloatingPointError('loss is nan')
  elif mode == 'interrupt': raise KeyboardInterrupt
  elif mode == 'preempted': sys.exit(cli.PREEMPTED)
  elif mode == 'full': raise OSError(errno.ENOSPC, 'no space')
  elif mode == 'pipe': raise BrokenPipeError(errno.EPIPE, 'it is closed')
  elif mode == 'reset': raise ConnectionResetError(errno.ECONNRESET, 'reset')
  elif mode == 'stale': raise OSError(errno.ESTALE, 'stale file handle')
  elif mode == 'told':
    try:
      raise OSError(errno.EIO, 'it is on fire')
    except OSError as error:
      raise OSError('a checkpoint could not be written') from error
  elif mode == 'xla': raise ValueError('UNKNOWN: Gloo AllGather failed')
  print('seed', config.seed, 'widths', config.model.widths)


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('mode', '', 'What goes wrong.')
  flags.DEFINE_string('out', None, 'Folder.')
  if '--mode=join' in sys.argv:
    import jax
    jax.distributed.initialize = refuse
    distributed.define_flags()
  with_out = any(word.startswith('--out=') for word in sys.argv)
  cli.run(main, crashes_in='out' if with_out else None)
"""


@pytest.fixture(scope='module')
def start(tmp_path_factory):
  program = tmp_path_factory.mktemp('program') / 'program.py'
  program.write_text(PROGRAM)
  with forked.starting('zeroshot.runtime.cli', 'jax') as run:
    yield functools.partial(run, program)


def test_runs_with_overrides(start):
  done = start(CONFIG, '--config.seed=5', '--config.model.widths=(1,2)')
  assert done.returncode == 0, done.stderr
  assert done.stdout == 'seed 5 widths (1, 2)\n'


@pytest.mark.slow
@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    ([], '--config must have a value'),
    (['--config=no/such.py'], "'no/such.py'"),
    (['--config=no/such.py', '--config.seed=1'], "'no/such.py'"),
    (['--config=configs'], 'Is a directory'),
    ([CONFIG, '--config.sed=3'], '--config.sed=3: the config has no field'),
    ([CONFIG, '--config.seed=1e3'], '--config.seed=1e3'),
    ([CONFIG, '--config.model=3'], '--config.model=3'),
    ([CONFIG, '--config.model.widths.x=3'], '--config.model.widths.x=3'),
    (['--config.seed=3', CONFIG], 'before a value for --config'),
    ([CONFIG, '--confg.seed=3'], "'confg.seed'"),
    ([CONFIG, 'config.seed=3'], "unexpected argument 'config.seed=3'"),
    ([CONFIG, '--mode=ours'], 'a.png: bad seed 0; use another'),
    ([CONFIG, '--mode=builtin'], "invalid literal for int() with base 10: 'x'"),
    ([CONFIG, '--mode=file'], "'/no/such/file'"),
    ([CONFIG, '--mode=folder'], "'/no/such/folder'"),
    ([CONFIG, '--mode=full'], 'no space'),
    ([CONFIG, '--mode=pipe'], 'it is closed'),
  ],
)
def test_a_users_mistake_ends_in_one_line(start, arguments, message):
  done = start(*arguments)
  assert done.returncode == 2, done.stderr
  assert done.stdout == ''
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert message in done.stderr


def test_a_misspelt_field_is_named(start):
  done = start(CONFIG, '--config.model.widht=3')
  assert done.returncode == 2
  assert done.stderr == (
    "error: --config.model.widht=3: the config has no field 'widht';"
    ' configs/default.py lists them all\n'
  )


@pytest.mark.slow
@pytest.mark.parametrize(
  ('mode', 'error'),
  [
    ('library', 'JSONDecodeError'),
    ('typo', 'AttributeError'),
    ('lock', 'AttributeError'),
    ('xla', 'Gloo AllGather'),
    ('join', 'nobody answers'),
  ],
)
def test_what_is_no_mistake_of_the_user_keeps_its_traceback(start, mode, error):
  done = start(CONFIG, f'--mode={mode}')
  assert done.returncode == 1
  assert 'Traceback' in done.stderr
  assert 'program.py' in done.stderr
  assert error in done.stderr


@pytest.mark.slow
def test_a_broken_config_file_keeps_its_traceback(start, tmp_path):
  config = tmp_path / 'broken.py'
  config.write_text("def get_config():\n  return {}['b']\n")
  done = start(f'--config={config}', '--config.seed=3')
  assert done.returncode == 1
  assert 'Traceback' in done.stderr
  assert "KeyError: 'b'" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
  ('mode', 'status', 'printed'),
  [
    ('', 0, ''),
    ('preempted', 75, ''),
    ('interrupt', 130, 'interrupted\n'),
    ('ours', 2, 'error: a.png: bad seed 0; use another\n'),
  ],
)
def test_an_end_without_a_crash_leaves_no_report(
  start, tmp_path, mode, status, printed
):
  done = start(CONFIG, f'--mode={mode}', f'--out={tmp_path / "out"}')
  assert (done.returncode, done.stderr) == (status, printed)
  assert not (tmp_path / 'out').exists()


@pytest.mark.slow
@pytest.mark.parametrize(
  ('mode', 'words'),
  [
    ('nan', 'loss is nan'),
    ('typo', 'AttributeError'),
    # The same command may do: JobSet repeats all but a user's mistake.
    ('reset', 'ConnectionResetError'),
    ('stale', 'stale file handle'),
    ('told', 'it is on fire'),
  ],
)
def test_a_crash_leaves_a_report(start, tmp_path, mode, words):
  done = start(CONFIG, f'--mode={mode}', f'--out={tmp_path / "out"}')
  assert done.returncode == 1
  assert words in done.stderr
  assert ('Traceback' in done.stderr) == (mode != 'nan')
  (report,) = (tmp_path / 'out' / 'crashes').iterdir()
  assert report.name.endswith('-process0.txt')
  assert 'Traceback' in report.read_text()
  assert words in report.read_text()
