"""Limits of a server, and the token that it asks for.

limits = settings.Settings(queue=16, token=settings.token_of(os.environ))
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from zeroshot.data import limits
from zeroshot.runtime import machine

TOKEN_VARIABLE = 'ZEROSHOT_TOKEN'
_MOST_WORKERS = 4  # each holds a picture of the largest size


@dataclasses.dataclass(frozen=True)
class Settings:
  """What a server accepts.

  Attributes:
    workers: pictures that are inspected at a time; 0 is one for each core, 4
      at most.
    queue: requests that may wait beyond them; the next one is refused.
    max_megabytes: largest upload, 2 ** 20 bytes.
    max_megapixels: largest picture, 1e6 pixels, checked before it is decoded.
    timeout_s: from the arrival of a request to its answer.
    token: every request but those of the health and the documentation must
      bear it; None asks for none.
  """

  workers: int = 0
  queue: int = 16
  max_megabytes: float = 64
  max_megapixels: float = 100
  timeout_s: float = 30
  token: str | None = None

  def __post_init__(self) -> None:
    """Checks the values.

    Raises:
      ValueError: one is out of range, which it names.
    """
    limits.check_limit(self.max_megapixels)
    for name, least in (('workers', 0), ('queue', 0)):
      value = getattr(self, name)
      if value < least:
        raise ValueError(f'{name} is {value}; give {least} or more')
    for name in ('max_megabytes', 'timeout_s'):
      value = getattr(self, name)
      if not 0 < value < math.inf:
        raise ValueError(f'{name} is {value}; give more than 0')

  @property
  def max_bytes(self) -> int:
    """Largest upload, bytes."""
    return int(self.max_megabytes * 2**20)

  @property
  def threads(self) -> int:
    """Pictures that are inspected at a time."""
    return self.workers or min(machine.usable_cores(), _MOST_WORKERS)


def token_of(environment: Mapping[str, str]) -> str | None:
  """The token that an environment asks for; None if it names none.

  Raises:
    ValueError: it is empty or has characters that no header can carry.
  """
  token = environment.get(TOKEN_VARIABLE)
  if token is None:
    return None
  if not token or not token.isascii() or not token.isprintable():
    raise ValueError(
      f'{TOKEN_VARIABLE} is empty or has characters beyond ASCII; unset it, or '
      'give a token of letters and digits'
    )
  if token != token.strip():
    raise ValueError(f'{TOKEN_VARIABLE} begins or ends with a space; remove it')
  return token
