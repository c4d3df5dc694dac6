"""XLA's flags in tests, and in the commands that they start."""

from __future__ import annotations


def of(*, devices: int, optimised: bool = False, rounded: bool = False) -> str:
  """Content of ``XLA_FLAGS``.

  Tests compile much and run little: they take half the time with machine code
  that is not optimised.

  Args:
    devices: fake ones on the CPU.
    optimised: whether to compile as for users.
    rounded: whether the same operations may be rounded in another way where
      they stand at two places of a program; if so, and not optimised, a
      training takes a third less to compile.
  """
  flags = [f'--xla_force_host_platform_device_count={devices}']
  if not optimised:
    flags += [
      '--xla_backend_optimization_level=0',
      '--xla_llvm_disable_expensive_passes=true',
    ]
  if rounded and not optimised:
    # Kernels without MLIR, and a function simplified once however often it is
    # called. A version that lacks these options of the backend ignores them.
    flags += [
      '--xla_backend_extra_options='
      'xla_cpu_disable_new_fusion_emitters=true,'
      'xla_cpu_flatten_after_fusion=true',
    ]
  return ' '.join(flags)
