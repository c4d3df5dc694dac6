"""Work on many pairs, shared among all processes and devices.

  results = pair_shards.map_across_processes(
    len(pairs), lambda index: to_bytes(pairs[index])
  )

The results are those of a single device, in the same order, in every process:
each piece of work depends on its index alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
from absl import logging
from flax import serialization

from zeroshot.evaluate.pairs import PairEvaluation
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.runtime import broadcast
from zeroshot.types import Boxes

LOG_EVERY = 100  # pieces of work, over all processes


def map_across_processes(
  count: int, work: Callable[[int], bytes]
) -> list[bytes]:
  """Does each piece of work once, in one of the processes.

  Process p of P does pieces p, p + P, ..., and spreads them over its devices,
  with a thread and a default device for each.

  Args:
    count: how many pieces there are.
    work: of an index; called from several threads.

  Returns:
    The results of ``work`` for 0, 1, ... ``count - 1``, in every process.
  """
  here, stride = jax.process_index(), jax.process_count()
  devices = jax.local_devices()

  def work_on_device(index: int) -> bytes:
    with jax.default_device(devices[index // stride % len(devices)]):
      result = work(index)
    if (index + 1) % LOG_EVERY == 0:
      logging.info('%d of %d pairs', index + 1, count)
    return result

  with ThreadPoolExecutor(len(devices)) as pool:
    share = list(pool.map(work_on_device, range(here, count, stride)))
  shares = [_unpack(data) for data in broadcast.gather(_pack(share))]
  return [shares[index % stride][index // stride] for index in range(count)]


def pack(evaluation: PairEvaluation) -> bytes:
  """The result of a pair and its seconds as bytes, for ``unpack``."""
  result, valid = evaluation.result, evaluation.result.valid
  content = dict(
    name=result.name,
    group=result.group,
    height=result.height,
    width=result.width,
    truth=_plain(result.truth),
    detections=_plain(result.detections),
    valid=None if valid is None else np.asarray(valid),
    seconds=evaluation.seconds,
  )
  return _pack(content)


def unpack(packed: bytes) -> tuple[PictureResult, float]:
  """The result of a pair, bit for bit, and its seconds.

  Args:
    packed: of ``pack``.

  Returns:
    The result, and how long detection took.
  """
  content = _unpack(packed)
  seconds: float = content.pop('seconds')
  for name in ('truth', 'detections'):
    fields = content[name]
    content[name] = Boxes(**{**fields, 'kind': tuple(fields['kind'])})
  return PictureResult(**content), seconds


def _pack(content: object) -> bytes:
  return zlib.compress(serialization.msgpack_serialize(content))


def _unpack(packed: bytes) -> Any:
  return serialization.msgpack_restore(zlib.decompress(packed))


def _plain(boxes: Boxes) -> dict[str, object]:
  """Boxes as arrays, lists and None; no metric needs their measures."""
  return {**boxes._asdict(), 'kind': list(boxes.kind), 'measures': None}
