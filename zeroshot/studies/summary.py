"""Metrics of several runs: mean, deviation and range.

metrics = summary.read_metrics(content, {'ap': ('official', 'ap')})
ap = summary.summarise([metrics['ap'], 0.8])
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from zeroshot.types import JsonObject


class Summary(TypedDict):
  """One metric over several runs; undefined is NaN.

  Attributes:
    mean: of the values.
    std: by n - 1.
    min: the smallest.
    max: the largest.
    values: one for each run.
  """

  mean: float
  std: float
  min: float
  max: float
  values: list[float]


def read_metrics(
  content: JsonObject, keys: Mapping[str, tuple[str, str]]
) -> dict[str, float]:
  """Reads the metrics of one evaluation.

  Args:
    content: of its ``metrics.json``.
    keys: protocol and key of each metric, by the metric's name.

  Returns:
    A value for each of ``keys``; NaN for what was not measured or is undefined.
  """
  values = {
    name: content.get(protocol, {}).get(key)
    for name, (protocol, key) in keys.items()
  }
  return {
    name: math.nan if value is None else float(value)
    for name, value in values.items()
  }


def summarise(values: Sequence[float]) -> Summary:
  """The summary of some values; one NaN among them makes it NaN."""
  if not values:
    nan = math.nan
    return Summary(mean=nan, std=nan, min=nan, max=nan, values=[])
  return Summary(
    mean=float(np.mean(values)),
    std=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
    min=float(np.min(values)),
    max=float(np.max(values)),
    values=list(values),
  )
