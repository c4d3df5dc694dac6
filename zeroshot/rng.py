"""Named streams of random keys: ``(seed, stream, step, example) -> key``.

No key is stored or split across steps. Whoever knows the seed, the name of the
stream, the step and the global index of an example can redraw that very
example, on any number of devices:

  keys = rng.example_keys(seed, 'pairs', step, first=replica * n, count=n)
"""

from __future__ import annotations

import zlib

import jax
import jax.numpy as jnp

from zeroshot.types import Array


def stream_key(seed: int, stream: str) -> Array:
  """The root key of a named stream.

  Args:
    seed: the run's seed.
    stream: a name, for example ``'pairs'`` or ``'parameters'``. Its CRC-32 is
      folded in, so that the value depends on no registry and no order.

  Returns:
    A scalar typed key.
  """
  return jax.random.fold_in(
    jax.random.key(seed), zlib.crc32(stream.encode('utf-8'))
  )


def example_keys(
  seed: int, stream: str, step: Array | int, *, first: Array | int, count: int
) -> Array:
  """One key for each of ``count`` examples of a step.

  The key depends on the example's global index and not on the device that
  draws it, so that the same global batch comes out of any layout.

  Args:
    seed: the run's seed.
    stream: name of the stream.
    step: number of completed updates before this batch; may be traced.
    first: global index of the first example; may be traced.
    count: number of examples.

  Returns:
    Typed keys ``[count]``.
  """
  step_key = jax.random.fold_in(stream_key(seed, stream), step)
  indices = first + jnp.arange(count)
  return jax.vmap(lambda index: jax.random.fold_in(step_key, index))(indices)
