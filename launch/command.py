"""How every command starts, and how it tells a user what went wrong.

  if __name__ == '__main__':
    command.define_config_flag()
    flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
    command.run(main)

A mistake of the user's ends in one line on stderr and exit status 2; a mistake
of ours keeps its traceback.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

from absl import app, flags, logging
from ml_collections import config_flags

_OURS = ('zeroshot', 'launch', 'configs', 'data_tools', '__main__')
_EXIT_STATUS = 2
_STANDARD_WARNING = 30  # as Python's own logging counts; absl differs


def define_config_flag(default: str | None = None) -> flags.FlagHolder:
  """Defines ``--config``, a config file whose fields flags may override.

  Args:
    default: path of the config that is taken where none is given; without it
      the flag is required.

  Returns:
    The flag; its value is a locked ConfigDict.
  """
  holder = config_flags.DEFINE_config_file(
    'config',
    default,
    'Config file; --config.FIELD=VALUE overrides a field of it.',
    lock_config=True,
  )
  if default is None:
    flags.mark_flag_as_required('config')
  return holder


def run(main: Callable[[Sequence[str]], None]) -> None:
  """Parses the flags, runs a command and leaves the program.

  What counts as the user's mistake: flags that do not parse, arguments that
  are no flags, a config that cannot be loaded, files that cannot be opened,
  and each ValueError that comes out of a file of ours. One that a library
  raises is a bug of ours: we should have looked before we called.

  Args:
    main: the command. It gets ``[program]``, all that is left of the command
      line after its flags.
  """

  def guarded(argv: Sequence[str]) -> None:
    try:
      main(argv)
    except OSError as error:
      _fail(str(error))
    except ValueError as error:
      if _origin(error).partition('.')[0] not in _OURS:
        raise
      _fail(str(error))

  app.run(guarded, flags_parser=_parse)


def show_log_lines() -> None:
  """Lets log lines through to stderr, but for orbax's many."""
  logging.set_verbosity(logging.INFO)
  logging.get_absl_handler().addFilter(
    lambda line: (
      line.levelno >= _STANDARD_WARNING or 'orbax' not in line.pathname
    )
  )


def _parse(argv: Sequence[str]) -> list[str]:
  """Parses the flags; whatever is wrong with them ends the program."""
  try:
    rest = flags.FLAGS(argv)
    if 'config' in flags.FLAGS and flags.FLAGS.config is not None:
      _ = flags.FLAGS.config.lock  # a config that failed to load raises here
  except flags.Error as error:
    _fail(str(error))
  except OSError as error:
    _fail(f'--config cannot be read: {error.__cause__ or error}')
  except (AttributeError, KeyError, TypeError) as error:
    if not _origin(error).startswith('ml_collections'):
      raise  # a bug of the config file
    _fail(_override_message(error, argv))
  if len(rest) > 1:
    _fail(f'unexpected argument {rest[1]!r}; flags are written --name=value')
  return rest


def _override_message(error: Exception, argv: Sequence[str]) -> str:
  """What to say of an override that ml_collections refuses."""
  overrides = [w for w in argv[1:] if w.lstrip('-').startswith('config.')]
  field = re.search(r'\w+', str(error))
  guilty = [w for w in overrides if field and field[0] in re.split(r'\W', w)]
  if isinstance(error, TypeError) or field is None or not guilty:
    return f'{" ".join(overrides)}: {error}'
  return (
    f'{guilty[0]}: the config has no field {field[0]!r}; configs/default.py'
    ' lists them all'
  )


def _origin(error: BaseException) -> str:
  """The module that an error comes out of, by its innermost frame."""
  *_, (frame, _) = traceback.walk_tb(error.__traceback__)
  module: str = frame.f_globals.get('__name__', '')
  return module


def _fail(message: str) -> NoReturn:
  """One line on stderr, then the end of the program."""
  lines = [line.strip() for line in message.splitlines() if line.strip()]
  if any(line.startswith('Traceback ') for line in lines):
    lines = lines[-1:]  # what the config file itself raised
  print('error:', ' '.join(lines), file=sys.stderr)
  sys.exit(_EXIT_STATUS)
