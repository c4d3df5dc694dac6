"""Counters and times of a server, as Prometheus reads them.

  counted = Metrics(taken=lambda: 0, places=18)
  counted.judged('cap', 'same', 0.2)
  counted.to_text()

Each server has a registry of its own, so that several can live in one process.
"""

from __future__ import annotations

from collections.abc import Callable

import prometheus_client

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)


class Metrics:
  """What a server counts."""

  def __init__(self, *, taken: Callable[[], int], places: int) -> None:
    """Starts at zero.

    Args:
      taken: places of the desk that are taken now.
      places: of the desk.
    """
    registry = self._registry = prometheus_client.CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    self._inspections = prometheus_client.Counter(
      'zeroshot_inspections',
      'Pictures that were judged.',
      ['recipe', 'verdict'],
      registry=registry,
    )
    self._inspection_s = prometheus_client.Histogram(
      'zeroshot_inspection_seconds',
      'Time from the decoding of a picture to its verdict.',
      ['recipe'],
      buckets=_BUCKETS_S,
      registry=registry,
    )
    self._requests = prometheus_client.Counter(
      'zeroshot_requests',
      'Requests that were answered; the reason is that of a refusal.',
      ['path', 'status', 'reason'],
      registry=registry,
    )
    self._request_s = prometheus_client.Histogram(
      'zeroshot_request_seconds',
      'Time from the arrival of a request to its answer.',
      ['path'],
      buckets=_BUCKETS_S,
      registry=registry,
    )
    gauge = prometheus_client.Gauge(
      'zeroshot_requests_in_hand',
      'Requests that wait or are inspected.',
      registry=registry,
    )
    gauge.set_function(taken)
    prometheus_client.Gauge(
      'zeroshot_places',
      'Requests that may be in hand; the next one is refused with 429.',
      registry=registry,
    ).set(places)

  def judged(self, recipe: str, verdict: str, seconds: float) -> None:
    """Counts a picture."""
    self._inspections.labels(recipe, verdict).inc()
    self._inspection_s.labels(recipe).observe(seconds)

  def answered(
    self, path: str, status: int, reason: str, seconds: float
  ) -> None:
    """Counts a request; ``path`` is one of the interface, never a user's."""
    self._requests.labels(path, str(status), reason).inc()
    self._request_s.labels(path).observe(seconds)

  def to_text(self) -> bytes:
    """All figures, in Prometheus' text format."""
    return prometheus_client.generate_latest(self._registry)
