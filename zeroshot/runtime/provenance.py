"""Commit and machine that published numbers come from.

header = {**provenance.commit(), 'hardware': provenance.hardware()}
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from zeroshot.runtime import machine
from zeroshot.types import JsonObject

ROOT = Path(__file__).resolve().parents[2]


def commit() -> JsonObject:
  """``commit``, the hash of HEAD, and ``dirty``, whether files differ from it.

  Both are None where this is no clone, or there is no git.
  """
  head, changes = _git('rev-parse', 'HEAD'), _git('status', '--porcelain')
  if head is None or changes is None:
    return {'commit': None, 'dirty': None}
  return {'commit': head, 'dirty': bool(changes)}


def label(source: Mapping[str, object]) -> str:
  """What ``commit`` returned, in a few words."""
  if source['commit'] is None:
    return 'unknown'
  changes = ' with uncommitted changes' if source['dirty'] else ''
  return f'{str(source["commit"])[:12]}{changes}'


def sign(
  caption: str, commits: Sequence[str], *, otherwise: str
) -> dict[str, str]:
  """A table's caption with the commits that its numbers come from.

  Args:
    caption: a paragraph.
    commits: labels, see ``label``.
    otherwise: replaces them where there is none.

  Returns:
    ``date``, now in UTC, and ``caption``, which ends with commits and date.
  """
  date = dt.datetime.now(dt.UTC).isoformat(timespec='seconds')
  source = ', '.join(commits) or otherwise
  return dict(date=date, caption=f'{caption} Commit: {source}. Written {date}.')


def hardware() -> JsonObject:
  """Processor, cores, graphics cards and the variables that select devices.

  Without calling JAX, which would initialise the devices.
  """
  names = ('JAX_PLATFORMS', 'XLA_FLAGS', 'CUDA_VISIBLE_DEVICES')
  return {
    'processor': _processor(),
    'cores': machine.usable_cores(),
    'graphics_cards': _graphics_cards(),
    'jax': importlib.metadata.version('jax'),
    'environment': {
      name: os.environ[name] for name in names if name in os.environ
    },
  }


def _processor() -> str:
  """The processor's name, as the system gives it."""
  file = Path('/proc/cpuinfo')
  for line in file.read_text().splitlines() if file.is_file() else ():
    name, _, value = line.partition(':')
    if name.strip() == 'model name':
      return value.strip()
  return platform.processor() or platform.machine()


def _graphics_cards() -> list[str]:
  """Names of NVIDIA cards, by ``nvidia-smi``."""
  if shutil.which('nvidia-smi') is None:
    return []
  command = ['nvidia-smi', '--query-gpu=name', '--format=csv,noheader']
  done = subprocess.run(command, capture_output=True, text=True)
  return done.stdout.splitlines() if done.returncode == 0 else []


def _git(*words: str) -> str | None:
  """Output of a git command in this clone; None where it fails."""
  try:
    done = subprocess.run(
      ['git', *words], cwd=ROOT, capture_output=True, text=True
    )
  except OSError:
    return None
  return done.stdout.strip() if done.returncode == 0 else None
