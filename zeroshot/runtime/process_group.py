"""The processes of a run, joined by JAX.

  with process_group.join(process, saves_on_sigterm=True) as process:
    ...  # process.process_id of process.num_processes

Apart from ``distributed``, since importing JAX takes a second that commands on
their own do without.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from zeroshot.runtime import distributed, exit_status
from zeroshot.runtime.distributed import BIND_VARIABLE, ProcessInfo

_REMEDY = '; give --distributed=COORDINATOR:PORT,NUM,ID or --distributed=off'


@contextlib.contextmanager
def join(
  process: ProcessInfo | None, *, saves_on_sigterm: bool
) -> Iterator[ProcessInfo]:
  """Joins the other processes; no JAX device may have been used before.

  JAX ends the process by SIGABRT where the others do not come in time.

  Args:
    process: of ``distributed.parse_flag``.
    saves_on_sigterm: let JAX take SIGTERM and agree on a step, see
      ``zeroshot.train.preemption``; otherwise it ends the process, and the
      others with it.

  Yields:
    The position of this process; ``ALONE`` where JAX detects no others. After
    the block it waits for the others, unless an error ended the block.

  Raises:
    ValueError: this is process 0 and it cannot listen at its address, a
      variable of the environment has no legal form, or JAX cannot find the
      others although the launcher started several.
  """
  distributed.check_environment()
  jax.config.update('jax_enable_preemption_service', saves_on_sigterm)
  with _hide_proxies():
    process = _join_detected() if process is None else _join_as(process)
  if jax.distributed.is_initialized():
    _connect_devices()
  yield process
  jax.distributed.shutdown()  # does nothing where there was nobody to join


def _join_as(process: ProcessInfo) -> ProcessInfo:
  """Joins the processes that ``--distributed`` names."""
  bind_address = os.environ.get(BIND_VARIABLE, process.coordinator)
  if process.process_id == 0:
    distributed.check_can_listen(bind_address)
  _initialize(
    process.coordinator,
    process.num_processes,
    process.process_id,
    method='deactivate',
    bind_address=bind_address,
  )
  return process


def _initialize(
  coordinator: str | None = None,
  num_processes: int | None = None,
  process_id: int | None = None,
  *,
  method: str | None = None,
  bind_address: str | None = None,
) -> None:
  """Lets JAX join the processes, within the timeouts of the flags."""
  jax.distributed.initialize(
    coordinator,
    num_processes,
    process_id,
    cluster_detection_method=method,
    coordinator_bind_address=bind_address,
    initialization_timeout=flags.FLAGS.initialization_timeout_s,
    heartbeat_timeout_seconds=flags.FLAGS.heartbeat_timeout_s,
    shutdown_timeout_seconds=flags.FLAGS.shutdown_timeout_s,
  )


def _join_detected() -> ProcessInfo:
  """Joins the processes that JAX detects; ``ALONE`` where it detects none."""
  in_pod = 'KUBERNETES_SERVICE_HOST' in os.environ
  in_indexed_job = in_pod and 'JOB_COMPLETION_INDEX' in os.environ
  try:
    with warnings.catch_warnings():
      # Of the missing package, reported below where it is needed.
      warnings.filterwarnings('ignore', 'Kubernetes environment')
      _initialize()
  except jax.errors.JaxRuntimeError:
    raise  # the others were found but cannot be joined
  except Exception as error:  # whatever the clusters' own libraries raise
    # JAX: coordinator_address (or another) 'should be defined'.
    nothing_detected = isinstance(error, ValueError) and 'defined' in str(error)
    if not in_indexed_job and (in_pod or nothing_detected):
      return distributed.ALONE
    if exit_status.is_transient(error):
      raise
    if nothing_detected:
      raise ValueError(
        '--distributed=auto: this pod belongs to an indexed Job, and to find '
        "the others JAX needs Python's package kubernetes: install it"
        f'{_REMEDY}'
      ) from error
    raise ValueError(f'--distributed=auto: {error}{_REMEDY}') from error
  return ProcessInfo(jax.process_index(), jax.process_count())


def _connect_devices() -> None:
  """Adds up a one of every device, while all processes are at the same line.

  CPUs connect at their first collective and wait 30 s for each other; no flag
  changes that. In training they may be further apart: JAX's compilation cache
  serves process 0 alone, and the others compile. Once connected they wait for
  as long as it takes.
  """
  mesh = Mesh(np.asarray(jax.devices()), ('device',))
  ones = jax.make_array_from_callback(
    (jax.device_count(),),
    NamedSharding(mesh, PartitionSpec('device')),
    lambda index: np.ones(jax.device_count(), np.float32)[index],
  )
  everywhere = NamedSharding(mesh, PartitionSpec())
  total = jax.jit(jnp.sum, out_shardings=everywhere)(ones)
  assert float(total) == jax.device_count()


@contextlib.contextmanager
def _hide_proxies() -> Iterator[None]:
  """Keeps gRPC from asking a proxy of the environment for the coordinator."""
  names = [name for name in os.environ if '_proxy' in name.lower()]
  hidden = {name: os.environ.pop(name) for name in names}
  try:
    yield
  finally:
    os.environ.update(hidden)
