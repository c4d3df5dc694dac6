"""Prints what lets a shell complete zeroshot: commands, options and files.

  zeroshot completion bash > ~/.local/share/bash-completion/completions/zeroshot
  zeroshot completion zsh > ~/.zfunc/_zeroshot   # a folder of $fpath
  zeroshot completion tcsh >> ~/.cshrc

A new shell has it. Print it anew after an update of zeroshot.

Exit statuses: 0 printed, 2 could not be.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

SUMMARY = 'print the completion script of a shell'
SHELLS = ('bash', 'zsh', 'tcsh')
_FOLDERS = ('DIR',)
_FILES = ('FILE', 'GOOD', 'RECIPE', 'REFERENCE', 'RESULT', 'TEST')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument('shell', choices=SHELLS, help='that is to complete')


def run(options: argparse.Namespace) -> int:
  """Prints the script."""
  print(script(options.shell))
  return 0


def script(shell: str) -> str:
  """The script of a shell, one of ``SHELLS``."""
  import shtab

  from zeroshot.commands import main

  parser, commands = main.build_parser()
  for command in commands.values():
    for action in command._actions:
      names = _completed(action)
      if names:
        action.complete = names  # type: ignore[attr-defined]
  for action in parser._actions:
    if isinstance(action, argparse._SubParsersAction):
      action.help = None  # shtab leaves out what help leaves out
  return shtab.complete(parser, shell)


def _completed(action: argparse.Action) -> Mapping[str, object] | None:
  """What completes an argument, as shtab names it; None for no paths."""
  import shtab

  metavar = str(action.metavar or '')
  if metavar in _FOLDERS:
    return shtab.DIRECTORY
  if metavar in _FILES or '.' in metavar or action.dest == 'weights':
    return shtab.FILE
  return None
