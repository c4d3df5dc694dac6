"""Joins the processes of one run, before JAX does anything else.

  distributed.define_flags()          # under ``if __name__ == '__main__'``
  place = distributed.find()          # once the flags are parsed
  distributed.start(place)
  ...
  distributed.stop(place)

``command.run`` makes the last three calls. Each process runs the same command;
``--distributed`` says how they find each other. JAX does the rest: its
coordinator is a service inside process 0.
"""

from __future__ import annotations

import os
import re
import socket
import warnings
from typing import NamedTuple

from absl import flags, logging

FORM = (
  'give auto, off, or COORDINATOR:PORT,NUM,ID, as 10.0.0.1:1234,4,0 in the '
  'first of four processes'
)
_EXPLICIT = re.compile(r'(?P<address>[^,]+:(?P<port>\d+)),(\d+),(\d+)')
_ADDRESS = re.compile(r'.+:(?P<port>\d+)')
_BOUND = 'JAX_COORDINATOR_BIND_ADDRESS'
_PORTS = range(1, 2**16)
_NO_PROXY, _NO_PROXY_OF_ALL = 'no_grpc_proxy', 'no_proxy'


class ProcessInfo(NamedTuple):
  """Where a process stands in its run.

  Attributes:
    process_id: index of this process.
    num_processes: of the run.
    coordinator: ``'HOST:PORT'`` of process 0; empty where it is alone.
    devices: the local accelerators that it may use; None for all.
  """

  process_id: int
  num_processes: int
  coordinator: str
  devices: tuple[int, ...] | None


ALONE = ProcessInfo(0, 1, '', None)


def define_flags() -> None:
  """Defines ``--distributed`` and the three timeouts."""
  flags.DEFINE_string(
    'distributed',
    'auto',
    'How the processes of a run find each other: auto (as Slurm, Open MPI, '
    'Kubernetes or a TPU pod says; alone where none does), off (alone), or '
    'COORDINATOR:PORT,NUM,ID (address of process 0, number of processes, '
    'index of this one).',
  )
  for name, seconds, meaning in (
    ('initialization', 300, 'wait at the start until all have come'),
    ('heartbeat', 20, 'hear nothing of a process until it counts as dead'),
    ('shutdown', 30, 'wait at the end until all have come'),
  ):
    flags.DEFINE_integer(
      f'{name}_timeout_s', seconds, f'Seconds to {meaning}.', lower_bound=1
    )


def find() -> ProcessInfo:
  """Where ``--distributed`` puts this process; alone without that flag.

  Raises:
    ValueError: the flag has no legal form, or JAX cannot tell who else there
      is although the launcher started several.
  """
  if 'distributed' not in flags.FLAGS or flags.FLAGS.distributed == 'off':
    return ALONE
  value = flags.FLAGS.distributed
  place = _detect() if value == 'auto' else _read(value)
  return place if place.num_processes > 1 else ALONE


def start(place: ProcessInfo, *, saves_on_sigterm: bool = False) -> None:
  """Joins the other processes; no JAX device may have been used before.

  JAX ends the process by SIGABRT where the others do not come in time.

  Args:
    place: as found.
    saves_on_sigterm: let JAX take SIGTERM and agree on a step, see
      ``zeroshot.train.preemption``; otherwise it ends the process, and the
      others with it.

  Raises:
    ValueError: this is process 0 and it cannot listen where it is told to, or
      an address of the environment has no legal form.
  """
  if place.num_processes == 1:
    return
  import jax  # here, since data_tools' commands do without

  _check_form('JAX_COORDINATOR_ADDRESS', place.coordinator)
  bound = os.environ.get(_BOUND, place.coordinator)
  _check_form(_BOUND, bound)
  if place.process_id == 0:
    _check_bound(bound)
  if any(name.lower().endswith('_proxy') for name in os.environ):
    _bypass_proxies(place.coordinator)
    jax.config.update('jax_check_proxy_envs', False)  # its warning, now moot
  jax.config.update('jax_enable_preemption_service', saves_on_sigterm)
  values = flags.FLAGS
  jax.distributed.initialize(
    place.coordinator,
    place.num_processes,
    place.process_id,
    local_device_ids=place.devices,
    cluster_detection_method='deactivate',
    coordinator_bind_address=bound,
    initialization_timeout=values.initialization_timeout_s,
    heartbeat_timeout_seconds=values.heartbeat_timeout_s,
    shutdown_timeout_seconds=values.shutdown_timeout_s,
  )
  _connect_devices()


def stop(place: ProcessInfo) -> None:
  """Waits for the others and parts from them."""
  if place.num_processes == 1:
    return
  import jax

  jax.distributed.shutdown()


def _connect_devices() -> None:
  """Adds up a one of every device, while all processes are at the same line.

  CPUs connect at their first collective and wait 30 s for each other, no flag
  changes that. In training they may be further apart: JAX's compilation cache
  serves process 0 alone, and the others compile. Once connected they wait for
  as long as it takes.
  """
  import jax
  import jax.numpy as jnp
  import numpy as np
  from jax.sharding import Mesh, NamedSharding, PartitionSpec

  mesh = Mesh(np.asarray(jax.devices()), ('device',))
  ones = jax.make_array_from_callback(
    (jax.device_count(),),
    NamedSharding(mesh, PartitionSpec('device')),
    lambda index: np.ones(jax.device_count(), np.float32)[index],
  )
  everywhere = NamedSharding(mesh, PartitionSpec())
  total = jax.jit(jnp.sum, out_shardings=everywhere)(ones)
  assert float(total) == jax.device_count()


def _read(value: str) -> ProcessInfo:
  """The place that an explicit ``--distributed`` names."""
  found = _EXPLICIT.fullmatch(value)
  if found is None or int(found['port']) not in _PORTS:
    raise ValueError(f'--distributed={value}: {FORM}')
  count, index = int(found[3]), int(found[4])
  if not 0 <= index < count:
    raise ValueError(
      f'--distributed={value}: ID {index} is not one of 0 to NUM-1; {FORM}'
    )
  return ProcessInfo(index, count, found['address'], _device_ids())


def _device_ids() -> tuple[int, ...] | None:
  """What ``JAX_LOCAL_DEVICE_IDS`` holds, as JAX reads it."""
  ids = os.environ.get('JAX_LOCAL_DEVICE_IDS')
  try:
    return tuple(map(int, ids.split(','))) if ids else None
  except ValueError:
    raise ValueError(
      f'JAX_LOCAL_DEVICE_IDS={ids}: give numbers, as 0,1'
    ) from None


def _detect() -> ProcessInfo:
  """The place that JAX detects; alone where it detects nothing.

  Raises:
    ValueError: there are several processes, but JAX cannot join them.
  """
  variables = os.environ
  if (
    variables.get('SLURM_STEP_NUM_TASKS') == '1'
    and 'OMPI_COMM_WORLD_SIZE' not in variables
  ):
    return ALONE  # the shell of salloc, say: SLURM_NTASKS counts the job's
  in_pod = 'KUBERNETES_SERVICE_HOST' in variables
  in_indexed_job = in_pod and 'JOB_COMPLETION_INDEX' in variables
  remedy = '; give --distributed=COORDINATOR:PORT,NUM,ID or --distributed=off'
  try:
    with warnings.catch_warnings():
      # Of the kubernetes package, told below where it is needed.
      warnings.simplefilter('ignore')
      address, count, index, devices = _ask_jax()
  except (ImportError, AttributeError, TypeError) as error:
    raise ValueError(
      f'--distributed=auto: this version of JAX detects otherwise ({error})'
      f'{remedy}'
    ) from error
  except Exception as error:  # whatever the clusters' own libraries raise
    if in_pod and not in_indexed_job:
      return ALONE
    raise ValueError(f'--distributed=auto: {error}{remedy}') from error
  if None not in (address, count, index):
    return ProcessInfo(index, count, address, devices and tuple(devices))
  if in_indexed_job:
    raise ValueError(
      '--distributed=auto: this pod belongs to an indexed Job, and to find '
      f"the others JAX needs Python's package kubernetes: install it{remedy}"
    )
  return ALONE


def _ask_jax() -> tuple:
  """Coordinator, count, index and device ids, None where not known."""
  from jax._src import clusters

  return clusters.ClusterEnv.auto_detect_unset_distributed_params(
    coordinator_address=os.environ.get('JAX_COORDINATOR_ADDRESS'),
    num_processes=None,
    process_id=None,
    local_device_ids=_device_ids(),
    cluster_detection_method=None,
    initialization_timeout=flags.FLAGS.initialization_timeout_s,
  )


def _split(address: str) -> tuple[str, int]:
  """Host, without brackets, and port."""
  host, _, port = address.rpartition(':')
  return host.strip('[]'), int(port)


def _check_form(name: str, address: str) -> None:
  """Refuses an address without a port, naming the variable it stands in."""
  found = _ADDRESS.fullmatch(address)
  if found is None or int(found['port']) not in _PORTS:
    raise ValueError(f'{name}={address}: give ADDRESS:PORT, as 10.0.0.1:1234')


def _check_bound(address: str) -> None:
  """Refuses an address that the coordinator cannot listen at.

  gRPC itself would share a port that is taken, and mix two runs up.

  Raises:
    ValueError: naming the address and the reason.
  """
  host, port = _split(address)
  try:
    family, kind, *_, where = socket.getaddrinfo(
      host, port, type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, kind) as probe:
      probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
      probe.bind(where)
  except OSError as error:
    raise ValueError(
      f'process 0 cannot listen at {address} ({error.strerror}): give an '
      'address of its own machine and a free port, by --distributed, or by '
      'JAX_COORDINATOR_PORT where the address is detected'
    ) from error
  number = str(where[0])
  on_one_machine = os.environ.get('SLURM_STEP_NUM_NODES') == '1'
  by_name = host not in (number, 'localhost')
  if number.startswith('127.') and by_name and not on_one_machine:
    logging.warning(
      'the coordinator %s is %s on its own machine: processes on others will '
      'not reach it; set JAX_COORDINATOR_BIND_ADDRESS=ADDRESS:%d if need be',
      *(host, number, port),
    )


def _bypass_proxies(coordinator: str) -> None:
  """Keeps gRPC from asking a proxy of the environment for the coordinator."""
  host, _ = _split(coordinator)
  kept = os.environ.get(_NO_PROXY) or os.environ.get(_NO_PROXY_OF_ALL)
  os.environ[_NO_PROXY] = ','.join(filter(None, (kept, host)))
