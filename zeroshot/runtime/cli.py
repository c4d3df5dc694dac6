"""How every command starts, and how it tells a user what went wrong.

  if __name__ == '__main__':
    command.define_config_flag()
    flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
    command.run(main)

Exit statuses:

    0  done
    1  failed: a crash, or a fault of network or disk that may pass, each with
       its traceback, or a loss that is not finite
    2  the user's mistake, told in one line
   75  stopped by SIGTERM with everything saved: run the same command again
  130  interrupted from the keyboard

A process that JAX aborts, because another one of its run died, ends by SIGABRT
(134 in a shell). Where a run has several processes, those but the first log
nothing below warnings, and one that fails leaves at once instead of waiting
for the others.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from logging import LogRecord
from typing import NamedTuple, NoReturn

from absl import app, flags, logging
from ml_collections import config_flags

from zeroshot.runtime import crash_report, distributed

DONE, FAILED, MISTAKE, PREEMPTED, INTERRUPTED = 0, 1, 2, 75, 130
_OURS = ('zeroshot', 'launch', 'configs', 'data_tools', '__main__')
# How XLA's errors begin; some are ValueErrors that our own frame gets to see.
_XLA = re.compile(
  'ABORTED|CANCELLED|DATA_LOSS|DEADLINE_EXCEEDED|FAILED_PRECONDITION|INTERNAL|'
  'INVALID_ARGUMENT|RESOURCE_EXHAUSTED|UNAVAILABLE|UNIMPLEMENTED|UNKNOWN'
)
# Faults of a network or a disk that may be gone the next time.
_PASSING = {
  getattr(errno, name)
  for name in (
    *('EIO', 'EREMOTEIO', 'ESTALE', 'ETIMEDOUT', 'ENETDOWN', 'ENETRESET'),
    *('ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOTCONN', 'ESHUTDOWN'),
  )
  if hasattr(errno, name)
}
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


def run(
  main: Callable[[Sequence[str]], None],
  *,
  crashes_in: str | None = None,
  saves_on_sigterm: bool = False,
) -> None:
  """Parses the flags, joins the run's other processes, and runs a command.

  What counts as the user's mistake: flags that do not parse, arguments that
  are no flags, a config that cannot be loaded, files that cannot be opened,
  and each ValueError that comes out of a file of ours. One that a library
  raises is a bug of ours: we should have looked before we called. A network or
  a disk that fails for a while is nobody's mistake: the same command may do.

  Args:
    main: the command. It gets ``[program]``, all that is left of the command
      line after its flags.
    crashes_in: the flag that names the folder of the results, to which each
      process writes its crash report; None for no reports.
    saves_on_sigterm: whether the command sees to SIGTERM; else it ends it.
  """

  def guarded(argv: Sequence[str]) -> None:
    try:
      place = distributed.find()
      report = _begin_report(crashes_in, place)
    except (OSError, ValueError) as error:
      if _may_pass(error):
        raise
      _fail(str(error))
    if place.process_id > 0:
      logging.get_absl_handler().addFilter(_is_warning)
    try:
      distributed.start(place, saves_on_sigterm=saves_on_sigterm)
      status = _carry_out(main, argv, place)
    except BaseException as error:
      _leave(error, place, report)
      raise
    if report:
      crash_report.discard(report)
    sys.exit(status)

  app.run(guarded, flags_parser=_parse)


def show_log_lines() -> None:
  """Lets log lines through to stderr, but for orbax's many."""
  logging.set_verbosity(logging.INFO)
  logging.get_absl_handler().addFilter(
    lambda line: _is_warning(line) or 'orbax' not in line.pathname
  )


def _is_warning(line: LogRecord) -> bool:
  """Whether a log line is a warning or worse."""
  return line.levelno >= _STANDARD_WARNING


def _begin_report(
  folder_flag: str | None, place: distributed.ProcessInfo
) -> crash_report.Report | None:
  """The crash report of this process, if the command has a folder for it."""
  if folder_flag is None:
    return None
  folder = flags.FLAGS[folder_flag].value
  assert folder is not None, f'--{folder_flag} is not marked as required'
  return crash_report.begin(
    folder,
    process_id=place.process_id,
    num_processes=place.num_processes,
  )


def _carry_out(
  main: Callable[[Sequence[str]], None],
  argv: Sequence[str],
  place: distributed.ProcessInfo,
) -> int:
  """Runs a command together with the other processes; returns its status."""
  status = DONE
  try:
    main(argv)
  except SystemExit as ended:
    if ended.code not in (None, DONE, PREEMPTED):
      raise
    if ended.code == PREEMPTED:
      status = PREEMPTED
      # Slurm sends one more as soon as the first process has left with it.
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
  distributed.stop(place)
  return status


class _End(NamedTuple):
  """How a command ends.

  Attributes:
    status: of the process.
    line: what to tell; None for the traceback.
    crashed: whether the crash report stays.
  """

  status: int
  line: str | None
  crashed: bool


def _judge(error: BaseException) -> _End:
  """How a command ends that raises an error."""
  if isinstance(error, SystemExit):
    if isinstance(error.code, int):
      return _End(error.code, '', crashed=False)
    return _End(FAILED, str(error.code), crashed=False)
  if isinstance(error, KeyboardInterrupt):
    return _End(INTERRUPTED, 'interrupted', crashed=False)
  if isinstance(error, FloatingPointError):
    return _End(FAILED, f'training stopped: {error}', crashed=True)
  if isinstance(error, OSError) and _may_pass(error):
    return _End(FAILED, None, crashed=True)
  ours = _origin(error).partition('.')[0] in _OURS and not _XLA.match(
    str(error)
  )
  if isinstance(error, OSError) or (isinstance(error, ValueError) and ours):
    return _End(MISTAKE, _one_line(str(error)), crashed=False)
  return _End(FAILED, None, crashed=True)


def _may_pass(error: BaseException | None) -> bool:
  """Whether it is, or was raised from, a fault of a network or disk."""
  while error is not None:
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
      if isinstance(error, (ConnectionError, TimeoutError)):
        return True
      if error.errno in _PASSING:
        return True
    error = error.__cause__
  return False


def _leave(
  error: BaseException,
  place: distributed.ProcessInfo,
  report: crash_report.Report | None,
) -> None:
  """Tells what ended a command, and ends the program.

  Returns where Python itself is to do both: a crash of a process on its own.
  Where there are other processes it does not wait for them, as Python's own
  way out would, through JAX: they are told by the silence, or by its end.
  """
  end = _judge(error)
  if report and end.crashed:
    crash_report.record(report, error)
  elif report:
    crash_report.discard(report)
  if end.line is None and place.num_processes == 1:
    return
  logging.flush()
  sys.stdout.flush()
  if end.line is None:
    traceback.print_exception(error)
  elif end.line:
    print(end.line, file=sys.stderr)
  if place.num_processes == 1:
    sys.exit(end.status)
  sys.stderr.flush()
  os._exit(end.status)


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


def _one_line(message: str) -> str:
  """A message of many lines in one; of a traceback, the last."""
  lines = [line.strip() for line in message.splitlines() if line.strip()]
  if any(line.startswith('Traceback ') for line in lines):
    lines = lines[-1:]  # what the config file itself raised
  return ' '.join(['error:', *lines])


def _fail(message: str) -> NoReturn:
  """One line on stderr, then the end of the program."""
  print(_one_line(message), file=sys.stderr)
  sys.exit(MISTAKE)
