"""Metrics of the updates, computed on the device and read when logged.

Each update returns one small clu collection. The loop keeps them, unread, until
the next log line, so that the host never waits for the device in between; then

  values = summarize(collections)         # averages over those updates
  first_non_finite(collections)           # None, or which update and term

The averages are exact over updates, and a value that is not finite is traced to
its update.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from clu import metrics as clu_metrics
from jax.flatten_util import ravel_pytree

from zeroshot.types import Array


class NonFinite(NamedTuple):
  """Where a run went wrong.

  Attributes:
    position: of the update in the sequence of collections, from 0.
    name: of the metric.
    value: NaN or an infinity.
  """

  position: int
  name: str
  value: float


@functools.cache
def collection_type(names: tuple[str, ...]) -> type[clu_metrics.Collection]:
  """A clu collection that averages each of the named values.

  Cached, since clu makes a new class each time and two classes of the same
  fields are two different pytrees.

  Args:
    names: of the fields, in the order in which faults are looked for.

  Returns:
    A subclass of ``clu.metrics.Collection``.
  """
  return clu_metrics.Collection.create(
    **{name: clu_metrics.Average.from_output(name) for name in names}
  )


def gather(
  values: Mapping[str, Array], *, axis_name: str
) -> clu_metrics.Collection:
  """Averages named scalars over the replicas; called inside the step.

  As one vector: clu would gather each scalar from all replicas by itself.

  Args:
    values: scalars of one replica.
    axis_name: of the mapped axis.

  Returns:
    A collection, equal on all replicas.
  """
  packed, unpack = ravel_pytree(dict(values))
  means = unpack(jax.lax.pmean(packed, axis_name))
  return collection_type(tuple(values)).single_from_model_output(**means)


def summarize(
  collections: Sequence[clu_metrics.Collection],
) -> dict[str, float]:
  """Averages over several updates.

  Args:
    collections: one or more, fetched to the host.

  Returns:
    Name -> average, as Python floats.
  """
  merged = functools.reduce(lambda a, b: a.merge(b), collections)
  return {name: float(value) for name, value in merged.compute().items()}


def first_non_finite(
  collections: Sequence[clu_metrics.Collection],
) -> NonFinite | None:
  """The first value that is NaN or infinite.

  Args:
    collections: in the order of the updates, fetched to the host.

  Returns:
    None where all values are finite.
  """
  for position, collection in enumerate(collections):
    for name, metric in _fields(collection).items():
      total = float(np.asarray(metric.total))
      if not np.isfinite(total):
        return NonFinite(position, name, total)
  return None


def _fields(collection: clu_metrics.Collection) -> dict[str, Any]:
  """The metrics of a collection in the order in which it was created."""
  return {
    name: getattr(collection, name) for name in type(collection).__annotations__
  }
