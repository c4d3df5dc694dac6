"""How every command starts, and how it reports what went wrong.

  if __name__ == '__main__':
    cli.define_config_flag()
    flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
    cli.run(main)

Exit statuses are those of ``exit_status``. A process that JAX aborts, because
another one of its run died, ends by SIGABRT (134 in a shell). Where a run has
several processes, those but the first log nothing below warnings, and one that
fails leaves at once instead of waiting for the others.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from logging import LogRecord
from typing import NoReturn

from absl import app, flags, logging
from ml_collections import config_flags

from zeroshot.runtime import crash_report, distributed, exit_status
from zeroshot.runtime.distributed import ProcessInfo
from zeroshot.runtime.exit_status import (
  DONE as DONE,
)
from zeroshot.runtime.exit_status import (
  FAILED as FAILED,
)
from zeroshot.runtime.exit_status import (
  INTERRUPTED as INTERRUPTED,
)
from zeroshot.runtime.exit_status import (
  MISTAKE as MISTAKE,
)
from zeroshot.runtime.exit_status import (
  PREEMPTED as PREEMPTED,
)

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

  Flags that do not parse, arguments that are no flags and a config that cannot
  be loaded are the user's mistake; see ``exit_status`` for the rest.

  Args:
    main: the command. It gets ``[program]``, all that is left of the command
      line after its flags.
    crashes_in: the flag that names the folder of the results, to which each
      process writes its crash report; None for no reports.
    saves_on_sigterm: whether the command handles SIGTERM; else it ends it.
  """

  def run_and_exit(argv: Sequence[str]) -> None:
    process: ProcessInfo | None = distributed.ALONE
    report = None
    try:
      process = distributed.parse_flag()
      if process is not None:
        report = _begin_report(crashes_in, process)
      with _join(process, saves_on_sigterm=saves_on_sigterm) as process:
        report = report or _begin_report(crashes_in, process)
        if process.process_id > 0:
          logging.get_absl_handler().addFilter(_is_warning)
        status = _call(main, argv)
    except BaseException as error:
      _end(error, report, is_alone=process == distributed.ALONE)
      raise
    if report:
      crash_report.discard(report)
    sys.exit(status)

  app.run(run_and_exit, flags_parser=_parse)


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
  folder_flag: str | None, process: ProcessInfo
) -> crash_report.Report | None:
  """The crash report of this process, if the command has a folder for it."""
  if folder_flag is None:
    return None
  folder = flags.FLAGS[folder_flag].value
  assert folder is not None, f'--{folder_flag} is not marked as required'
  return crash_report.begin(
    folder,
    process_id=process.process_id,
    num_processes=process.num_processes,
  )


def _join(
  process: ProcessInfo | None, *, saves_on_sigterm: bool
) -> contextlib.AbstractContextManager[ProcessInfo]:
  """Joins the other processes of the run, if there are or may be any."""
  if process == distributed.ALONE:
    return contextlib.nullcontext(process)
  # Importing JAX takes a second, which the commands of data_tools do without.
  from zeroshot.runtime import process_group

  return process_group.join(process, saves_on_sigterm=saves_on_sigterm)


def _call(main: Callable[[Sequence[str]], None], argv: Sequence[str]) -> int:
  """Calls a command; returns the status of one that did not fail."""
  try:
    main(argv)
  except SystemExit as ended:
    if ended.code not in (None, DONE, PREEMPTED):
      raise
    if ended.code == PREEMPTED:
      # Slurm sends one more as soon as the first process has left with it.
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      return PREEMPTED
  return DONE


def _end(
  error: BaseException,
  report: crash_report.Report | None,
  *,
  is_alone: bool,
) -> None:
  """Reports what ended a command, and ends the program.

  Returns where Python itself is to do both: after a crash of a process on its
  own. Where there are other processes it does not wait for them, as Python's
  own exit would through JAX: they notice by its silence or its end.
  """
  ending = exit_status.classify(error)
  if report and ending.is_crash:
    crash_report.record(report, error)
  elif report:
    crash_report.discard(report)
  if ending.line is None and is_alone:
    return
  logging.flush()
  sys.stdout.flush()
  if ending.line is None:
    traceback.print_exception(error)
  elif ending.line:
    print(ending.line, file=sys.stderr)
  if is_alone:
    sys.exit(ending.status)
  sys.stderr.flush()
  os._exit(ending.status)


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
    if not exit_status.module_of(error).startswith('ml_collections'):
      raise  # a bug of the config file
    _fail(_override_message(error, argv))
  if len(rest) > 1:
    _fail(f'unexpected argument {rest[1]!r}; flags are written --name=value')
  return rest


def _override_message(error: Exception, argv: Sequence[str]) -> str:
  """The message on an override that ml_collections refuses."""
  overrides = [
    word for word in argv[1:] if word.lstrip('-').startswith('config.')
  ]
  field = re.search(r'\w+', str(error))
  matching = [
    word for word in overrides if field and field[0] in re.split(r'\W', word)
  ]
  if isinstance(error, TypeError) or field is None or not matching:
    return f'{" ".join(overrides)}: {error}'
  return (
    f'{matching[0]}: the config has no field {field[0]!r}; configs/default.py'
    ' lists them all'
  )


def _fail(message: str) -> NoReturn:
  """Prints one line to stderr and ends the program."""
  print(exit_status.one_line(message), file=sys.stderr)
  sys.exit(MISTAKE)
