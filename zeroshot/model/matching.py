"""Local matching of each test feature with the reference's features.

Coarse to fine. At each scale the reference's features are first sampled where
the coarser scale pointed; then each test feature is compared with a window of
them, and the softmax over the window averages the features and their offsets.
What still differs between a feature and its match is true difference. The idea
of a local cost volume about a warped picture is PWC-Net's (D. Sun et al., CVPR
2018).

  matched, flow = match(test, reference, flow, sharpness, radius=2, support=1)
"""

from __future__ import annotations

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from zeroshot import bilinear
from zeroshot.types import Array


def match(
  test: Array,
  reference: Array,
  flow: Array,
  sharpness: Array,
  *,
  radius: int,
  support: int,
) -> tuple[Array, Array]:
  """Gathers, for each test feature, the reference's features that match it.

  Args:
    test: ``[B, h, w, C]``.
    reference: ``[B, h, w, C]``.
    flow: ``[B, h, w, 2]``, row and column offsets in cells at which the
      search window is centred.
    sharpness: scalar; multiplies similarities before the softmax.
    radius: of the search window, in cells.
    support: similarities are averaged over a square of this radius, so that a
      whole neighbourhood moves together and a defect cannot borrow a match
      from elsewhere in the window.

  Returns:
    The gathered features ``[B, h, w, C]`` and the refined flow
    ``[B, h, w, 2]``.
  """
  reference = warp(reference, flow)
  if radius == 0:
    return reference, flow
  offsets = window(radius)
  padded = _pad_edges(reference, radius)
  windows = [_slice(padded, dy, dx, radius=radius) for dy, dx in offsets]
  # As inner products and not as means of products: 12 times faster on a CPU.
  similarity = jnp.stack(
    [jnp.einsum('bhwc,bhwc->bhw', test, moved) for moved in windows], axis=-1
  )  # [B, h, w, K]
  similarity = similarity / test.shape[-1]
  if support:
    similarity = _local_mean(similarity, radius=support)
  share = jax.nn.softmax(sharpness * similarity, axis=-1)
  matched = functools.reduce(
    jnp.add, (share[..., k : k + 1] * moved for k, moved in enumerate(windows))
  )
  step = share @ jnp.asarray(offsets, share.dtype)  # [B, h, w, 2]
  return matched, flow + step


def _local_mean(x: Array, *, radius: int) -> Array:
  """Mean over squares of ``[B, h, w, K]``; those at an edge are smaller.

  The counts are NumPy's: left to ``count_include_pad``, XLA takes seconds to
  fold them into a constant.
  """
  side = 2 * radius + 1
  means = nn.avg_pool(x, window_shape=(side, side), padding='SAME')
  counts = np.outer(*(_in_reach(n, radius) for n in x.shape[1:3]))  # [h, w]
  return means * jnp.asarray(side**2 / counts, x.dtype)[..., None]


def _in_reach(length: int, radius: int) -> np.ndarray:
  """Number of a row's cells within a radius of each cell, ``[length]``."""
  place = np.arange(length)
  first = np.maximum(place - radius, 0)
  return np.minimum(place + radius, length - 1) - first + 1


def window(radius: int) -> np.ndarray:
  """The offsets of a square window, row by row.

  Args:
    radius: in cells.

  Returns:
    Int ``[(2 * radius + 1)**2, 2]``, row and column.
  """
  reach = np.arange(-radius, radius + 1)
  return np.stack(np.meshgrid(reach, reach, indexing='ij'), -1).reshape(-1, 2)


def shift(x: Array, dy: int, dx: int, *, radius: int) -> Array:
  """``x`` read at a constant offset, its edges replicated.

  Args:
    x: ``[B, h, w, C]``.
    dy: rows.
    dx: columns.
    radius: the largest offset of the window, so that all pad alike.

  Returns:
    ``[B, h, w, C]`` with value ``x[y + dy, x + dx]``.
  """
  return _slice(_pad_edges(x, radius), dy, dx, radius=radius)


def _pad_edges(x: Array, radius: int) -> Array:
  """``[B, h, w, C]`` with its edges replicated ``radius`` times.

  Not by jnp.pad, which adds empty strips to the other axes: no ONNX runtime
  supports those.
  """
  for axis in (1, 2):
    last = x.shape[axis] - 1
    before = jax.lax.slice_in_dim(x, 0, 1, axis=axis)
    after = jax.lax.slice_in_dim(x, last, last + 1, axis=axis)
    x = jnp.concatenate([*[before] * radius, x, *[after] * radius], axis)
  return x


def _slice(padded: Array, dy: int, dx: int, *, radius: int) -> Array:
  """The slice of ``_pad_edges`` at an offset of the window."""
  h, w = (side - 2 * radius for side in padded.shape[1:3])
  return padded[:, radius + dy : radius + dy + h, radius + dx : radius + dx + w]


def warp(x: Array, flow: Array) -> Array:
  """Samples features bilinearly at displaced cells.

  Args:
    x: ``[B, h, w, C]``.
    flow: ``[B, h, w, 2]``, row and column offsets in cells.

  Returns:
    ``[B, h, w, C]``; the edge is replicated beyond the picture.
  """

  def warp_one(x: Array, flow: Array) -> Array:
    h, w, _ = x.shape
    rows = jnp.arange(h)[:, None] + flow[..., 0]
    columns = jnp.arange(w)[None, :] + flow[..., 1]
    return bilinear.sample(x, rows, columns)

  return jax.vmap(warp_one)(x, flow)


def upsample_flow(flow: Array) -> Array:
  """The flow at half the stride, smoothly interpolated.

  Args:
    flow: ``[B, h, w, 2]`` in cells.

  Returns:
    ``[B, 2 * h, 2 * w, 2]`` in the finer cells, so values double.
  """
  b, h, w, _ = flow.shape
  # Enlarging has nothing to antialias; converters refuse to if asked.
  shape = (b, 2 * h, 2 * w, 2)
  return 2.0 * jax.image.resize(flow, shape, 'bilinear', antialias=False)
