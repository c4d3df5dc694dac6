"""Peak arithmetic of devices, as their makers print it.

device_peaks.teraflops('NVIDIA H100 80GB HBM3', 'bfloat16')  # 989.4
"""

from __future__ import annotations

# Dense tera-operations a second: bfloat16 with float32 sums; float32 as TF32,
# which XLA takes for matrix products and convolutions where there is one.
_PEAKS = {
  'H100 PCIe': (756.0, 378.0),
  'H100 NVL': (835.0, 417.5),
  'H100': (989.4, 494.7),
  'H200': (989.4, 494.7),
  'GH200': (989.4, 494.7),
  'A100': (312.0, 156.0),
  'A10': (125.0, 62.5),
  'L40S': (362.0, 183.0),
  'L4': (121.0, 60.0),
  'RTX 4090': (165.2, 82.6),
}
_PRECISIONS = ('bfloat16', 'float32')


def teraflops(device_kind: str, precision: str) -> float | None:
  """Peak of a device, in 1e12 operations a second; None where not known.

  Args:
    device_kind: as JAX names it.
    precision: ``'bfloat16'`` or ``'float32'``.
  """
  words = device_kind.replace('-', ' ').split()
  for name, peaks in _PEAKS.items():
    if all(word in words for word in name.split()):
      return peaks[_PRECISIONS.index(precision)]
  return None
