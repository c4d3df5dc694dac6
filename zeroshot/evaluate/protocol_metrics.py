"""The metrics of one set under every protocol of ``protocols``.

metrics = protocols.evaluate_detections(results, ...)
metrics.official_6.kind_accuracy
metrics.to_json()['official-6']['kind_accuracy']
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from zeroshot.evaluate import voc
from zeroshot.evaluate.coco import CocoMetrics
from zeroshot.evaluate.details import DetailedMetrics
from zeroshot.evaluate.kinds import Confusion
from zeroshot.evaluate.metrics import JsonFields, Metrics
from zeroshot.types import JsonObject


@dataclasses.dataclass(frozen=True)
class Official6Metrics(DetailedMetrics):
  """Metrics of ``official-6``, beyond those of ``official``.

  Attributes:
    kind_accuracy: share of right kinds among the detections that have a partner
      by geometry; NaN where none has.
    confusion: counts of true and detected kinds.
    kinds: VOC's metrics of each kind.
    voc_mean_ap: VOC's mean AP over the kinds.
    voc_mean_ap_50: the same at VOC's own IoU, 0.5.
  """

  kind_accuracy: float
  confusion: Confusion
  kinds: Mapping[str, voc.KindMetrics]
  voc_mean_ap: float
  voc_mean_ap_50: float


@dataclasses.dataclass(frozen=True)
class PublishedMetrics(Metrics):
  """Metrics of ``as-published``.

  Attributes:
    note: what readers of the metrics have to know.
  """

  note: str


class ProtocolMetrics(NamedTuple):
  """The metrics of one set under every protocol."""

  official: DetailedMetrics
  official_6: Official6Metrics
  shrunk: Metrics
  as_published: PublishedMetrics
  coco: CocoMetrics
  coco_6: CocoMetrics

  def to_json(self) -> JsonObject:
    """As ``metrics.json`` has them, by the name of the protocol."""
    fields: Mapping[str, JsonFields] = self._asdict()
    return {
      name.replace('_', '-'): metrics.to_json()
      for name, metrics in fields.items()
    }
