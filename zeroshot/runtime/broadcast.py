"""Bytes that the processes of a run exchange.

  text = broadcast.from_first(lambda: file.read_bytes())   # read by process 0
  parts = broadcast.gather(mine)                           # of every process

Every process must make the same calls in the same order. A process on its own
receives its own bytes.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
from jax.experimental import multihost_utils

_DONE, _REFUSED = b'+', b'-'


def is_first() -> bool:
  """Whether this process is the one that reads and writes for all."""
  return jax.process_index() == 0


def gather(mine: bytes) -> list[bytes]:
  """The bytes of every process.

  Args:
    mine: of this process.

  Returns:
    One for each process, in order of their indices.
  """
  if jax.process_count() == 1:
    return [mine]
  sizes = np.ravel(multihost_utils.process_allgather(np.int32(len(mine))))
  padded = np.zeros(max(1, sizes.max()), np.uint8)
  padded[: len(mine)] = np.frombuffer(mine, np.uint8)
  rows = np.asarray(multihost_utils.process_allgather(padded))
  return [row[:size].tobytes() for row, size in zip(rows, sizes, strict=True)]


def from_first(compute: Callable[[], bytes]) -> bytes:
  """Computes bytes in process 0 and sends them to all processes.

  Args:
    compute: called in process 0 alone.

  Returns:
    Its result, in every process.

  Raises:
    ValueError: in every process, where ``compute`` raised one in process 0;
      any other error is raised there alone, and ends the others with it.
  """
  if jax.process_count() == 1:
    return compute()
  mine = b''
  refusal: ValueError | None = None
  if is_first():
    try:
      mine = _DONE + compute()
    except ValueError as error:
      refusal, mine = error, _REFUSED + str(error).encode()
  first = gather(mine)[0]
  if refusal is not None:
    raise refusal
  if first[:1] == _REFUSED:
    raise ValueError(f'process 0 refused: {first[1:].decode()}')
  return first[1:]
