"""The lines of ``history.jsonl``: who did what with a recipe, and when.

line = history.event('taught', parts=['a.png', 'b.png'])
"""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime

from zeroshot.types import JsonObject
from zeroshot.version import version


def now() -> str:
  """The time, ISO 8601, to the second."""
  return datetime.now(UTC).isoformat(timespec='seconds')


def event(what: str, **details: object) -> JsonObject:
  """A line that says who does something now.

  Args:
    what: is done, ``'taught'`` or ``'accepted'``.
    **details: of it, values of JSON.
  """
  try:
    who = getpass.getuser()
  except (KeyError, OSError):  # a user number without a name
    who = str(os.getuid()) if hasattr(os, 'getuid') else 'unknown'
  return {
    'time': now(),
    'who': who,
    'what': what,
    'version': version(),
    **details,
  }
