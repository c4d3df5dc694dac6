"""What every protocol measures, and how metrics become JSON.

metrics = average_precision.summarise(matches)
metrics.ap, metrics.to_json()['ap']

The names of the fields are the keys of ``metrics.json``. Undefined is NaN.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from zeroshot.types import JsonObject


@dataclasses.dataclass(frozen=True)
class JsonFields:
  """Base of the frozen dataclasses of which ``metrics.json`` is made."""

  def to_json(self) -> JsonObject:
    """The fields in their order as Python's own types; None is left out.

    NaN stays NaN: ``json_text.to_json`` writes it as ``null``.
    """
    values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
    return {
      name: _to_plain(value)
      for name, value in values.items()
      if value is not None
    }


@dataclasses.dataclass(frozen=True)
class Metrics(JsonFields):
  """Metrics of a set of pictures, with every detection submitted.

  Attributes:
    ap: average precision, in [0, 1]; NaN without ground truth.
    precision: share of the detections that are correct; NaN without any.
    recall: share of the ground truth that is detected; NaN without any.
    f_score: harmonic mean of precision and recall; NaN without any box.
    num_images: pictures of the set.
    num_ground_truth: ground-truth boxes.
    num_detections: detections.
  """

  ap: float
  precision: float
  recall: float
  f_score: float
  num_images: int
  num_ground_truth: int
  num_detections: int


def _to_plain(value: object) -> object:
  """Dataclasses and NamedTuples as dicts, arrays and tuples as lists."""
  if isinstance(value, JsonFields):
    return value.to_json()
  if isinstance(value, tuple) and hasattr(value, '_asdict'):
    value = value._asdict()
  if isinstance(value, Mapping):
    return {name: _to_plain(item) for name, item in value.items()}
  if isinstance(value, (np.ndarray, np.generic)):
    return value.tolist()
  if isinstance(value, (list, tuple)):
    return [_to_plain(item) for item in value]
  return value
