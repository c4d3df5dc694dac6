"""XLA's flags in tests, and in the commands that they start."""

from __future__ import annotations


def of(*, devices: int, optimised: bool = False) -> str:
  """Content of ``XLA_FLAGS``.

  Tests compile much and run little: they take half the time with machine code
  that is not optimised.

  Args:
    devices: fake ones on the CPU.
    optimised: whether to compile as for users.
  """
  flags = [f'--xla_force_host_platform_device_count={devices}']
  if not optimised:
    flags += [
      '--xla_backend_optimization_level=0',
      '--xla_llvm_disable_expensive_passes=true',
    ]
  return ' '.join(flags)
