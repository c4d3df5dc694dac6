"""zeroshot: marks every true difference between two pictures.

  zeroshot inspect good.png part.png
  zeroshot inspect --help

Exit statuses: 0 no difference, 1 differences found, 2 could not do it (told in
a line on stderr), 130 interrupted. Results go to stdout, messages to stderr.
Progress bars are drawn on a terminal alone, and without colours where NO_COLOR
is set. With ZEROSHOT_TRACEBACK=1 an unexpected error prints its traceback.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import ModuleType

from zeroshot.data import faults
from zeroshot.version import version

CANNOT, INTERRUPTED = 2, 130
GROUPS = {
  'inspect': ('inspect', 'check', 'report', 'ui'),
  'several good parts of one product': ('teach', 'accept'),
  'at a line': ('watch', 'serve'),
  'elsewhere': ('export', 'completion', 'demo'),
}
SUBCOMMANDS = tuple(name for names in GROUPS.values() for name in names)
_WIDTH = 12  # of the longest name, and two spaces


def main(arguments: Sequence[str] | None = None) -> int:
  """Runs a subcommand.

  Args:
    arguments: the command line after the program's name; None takes it from
      ``sys.argv``.

  Returns:
    The exit status.
  """
  # Hides XLA's messages about the machine.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  # Compiling takes seconds for each picture size; the cache saves it.
  cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
  os.environ.setdefault(
    'JAX_COMPILATION_CACHE_DIR', os.path.join(cache, 'zeroshot')
  )
  parser, commands = build_parser()
  options, unknown = parser.parse_known_args(arguments)
  if unknown:
    command = commands[options.command]
    command.error(_unknown(unknown, command))
  try:
    status: int = options.run(options)
  except KeyboardInterrupt:
    print('interrupted', file=sys.stderr)
    return INTERRUPTED
  except Exception as error:
    # Python exits with 1 on an unexpected error, such as out of memory; here 1
    # says that the part differs.
    print(f'error: {faults.line_of(error)}', file=sys.stderr)
    expected = isinstance(error, OSError | ValueError)
    if os.environ.get('ZEROSHOT_TRACEBACK') and not expected:
      traceback.print_exc()
    return CANNOT
  return status


def _unknown(arguments: Sequence[str], command: argparse.ArgumentParser) -> str:
  """The error text for arguments that a subcommand does not take."""
  flags = command.format_usage()
  near = difflib.get_close_matches(
    arguments[0].partition('=')[0], re.findall(r'--\w+', flags), n=1
  )
  hint = f'; did you mean {near[0]}?' if near else ''
  return f'unrecognized arguments: {" ".join(arguments)}{hint}'


def build_parser() -> tuple[
  argparse.ArgumentParser, dict[str, argparse.ArgumentParser]
]:
  """The parser of ``zeroshot``, and those of the subcommands."""
  modules = {name: _module_of(name) for name in SUBCOMMANDS}
  about, _, rest = str(__doc__).partition('Exit statuses:')
  parser = argparse.ArgumentParser(
    'zeroshot',
    usage='zeroshot [-h] [--version] COMMAND ...',
    description=about + _grouped(modules),
    epilog=f'exit statuses:{rest}',
    formatter_class=argparse.RawDescriptionHelpFormatter,
    allow_abbrev=False,
  )
  parser.add_argument(
    '--version', action='version', version=f'zeroshot {version()}'
  )
  commands = parser.add_subparsers(
    required=True,
    metavar='COMMAND',
    dest='command',
    prog='zeroshot',
    help=argparse.SUPPRESS,  # the description lists them in groups
  )
  parsers = {}
  for name, module in modules.items():
    command = commands.add_parser(
      name,
      help=module.SUMMARY,
      description=module.__doc__,
      formatter_class=argparse.RawDescriptionHelpFormatter,
      allow_abbrev=False,
    )
    module.add_arguments(command)
    command.set_defaults(run=module.run)
    parsers[name] = command
  return parser, parsers


def _grouped(modules: Mapping[str, ModuleType]) -> str:
  """The subcommands in groups, a line each."""
  lines = []
  for title, names in GROUPS.items():
    lines += [f'{title}:']
    lines += [f'  {name:{_WIDTH}}{modules[name].SUMMARY}' for name in names]
    lines += ['']
  return '\n'.join(lines)


def _module_of(name: str) -> ModuleType:
  return importlib.import_module(f'zeroshot.commands.{name}')


if __name__ == '__main__':
  sys.exit(main())
