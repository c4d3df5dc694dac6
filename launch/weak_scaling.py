"""How a step slows down as devices are added, each with as much to do as one.

A step computes, then exchanges; nothing of the two is taken to overlap:

  T(N) = T(1) + sum over collectives of exchange(bytes, N)
  ring:  2 (N - 1) / N * bytes / bandwidth + 2 (N - 1) * latency
  tree:  2 * bytes / bandwidth             + 2 ceil(log2 N) * latency

A ring sends the least and waits the most; libraries take a tree for what is
small (NCCL chooses by itself), so that the truth lies at or below the lesser.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple


class Link(NamedTuple):
  """What devices exchange over.

  Attributes:
    name: to print.
    bytes_per_second: that one device can send.
    latency_s: from one device's memory to the next one's, software included;
      assumed.
    source: of the bandwidth.
  """

  name: str
  bytes_per_second: float
  latency_s: float
  source: str


LINKS = (
  Link(
    'NVLink 4',
    450e9,
    3e-6,
    'H100 and H200 SXM: 900 GB/s both ways, https://github.com/mlcommons/'
    'inference_results_v4.1/blob/main/closed/NVIDIA/systems/'
    'H200-SXM-141GBx8_TRT_MaxQ.json',
  ),
  Link(
    'InfiniBand NDR',
    50e9,
    5e-6,
    'a port of 400 Gb/s a GPU, https://docs.nvidia.com/dgx-superpod/'
    'design-guide-cabling-data-centers/latest/ndr-overview.html',
  ),
  Link(
    '100 Gb Ethernet',
    12.5e9,
    30e-6,
    'its name; one port a machine, which a ring crosses once each way',
  ),
  Link(
    'TPU v5p ICI',
    600e9,
    2e-6,
    '1200 GB/s a chip, both ways, '
    'https://docs.cloud.google.com/tpu/docs/v5p-training',
  ),
)


def ring_seconds(num_bytes: float, num_devices: int, link: Link) -> float:
  """Time of an all-reduce around a ring.

  Args:
    num_bytes: that each device gives.
    num_devices: in the ring; 1 takes no time.
    link: between neighbours.

  Returns:
    Seconds.
  """
  hops = 2 * (num_devices - 1)
  sent = hops / num_devices * num_bytes
  return sent / link.bytes_per_second + hops * link.latency_s


def tree_seconds(num_bytes: float, num_devices: int, link: Link) -> float:
  """Time of an all-reduce up a tree and down again.

  Args:
    num_bytes: that each device gives.
    num_devices: in the tree; 1 takes no time.
    link: between neighbours.

  Returns:
    Seconds.
  """
  if num_devices == 1:
    return 0.0
  hops = 2 * math.ceil(math.log2(num_devices))
  return 2 * num_bytes / link.bytes_per_second + hops * link.latency_s


def predict(
  step_seconds: float,
  collectives_bytes: Sequence[float],
  *,
  device_counts: Sequence[int],
  links: Sequence[Link] = LINKS,
) -> list[dict[str, Any]]:
  """Step time and efficiency for each link and number of devices.

  Args:
    step_seconds: T(1), of one device alone.
    collectives_bytes: bytes that a device gives into each collective of a
      step, one entry each; all are priced as all-reduces, which no other kind
      of the same bytes exceeds.
    device_counts: N.
    links: what they exchange over.

  Returns:
    One row for each link and N: ``link``, ``devices``, and for ``ring`` and
    ``tree`` the seconds of communication and the efficiency, T(1) / T(N).
  """
  rows = []
  for link in links:
    for count in device_counts:
      row: dict[str, Any] = {'link': link.name, 'devices': count}
      for name, cost in (('ring', ring_seconds), ('tree', tree_seconds)):
        seconds = sum(cost(each, count, link) for each in collectives_bytes)
        row[name] = {
          'communication_seconds': seconds,
          'efficiency': step_seconds / (step_seconds + seconds),
        }
      rows.append(row)
  return rows
