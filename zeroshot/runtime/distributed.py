"""How the processes of one run find each other: ``--distributed``.

  distributed.define_flags()          # under ``if __name__ == '__main__'``
  process = distributed.parse_flag()  # None: JAX detects it

``cli.run`` makes the second call and joins the processes. Each process runs the
same command. JAX does the rest: its coordination service runs in process 0.
"""

from __future__ import annotations

import os
import re
import socket
from typing import NamedTuple

from absl import flags, logging

FORM = (
  'give auto, off, or COORDINATOR:PORT,NUM,ID, as 10.0.0.1:1234,4,0 in the '
  'first of four processes'
)
_EXPLICIT = re.compile(r'(?P<address>[^,]+:(?P<port>\d+)),(\d+),(\d+)')
_ADDRESS = re.compile(r'.+:(?P<port>\d+)')
BIND_VARIABLE = 'JAX_COORDINATOR_BIND_ADDRESS'
_PORTS = range(1, 2**16)


class ProcessInfo(NamedTuple):
  """Position of a process in its run.

  Attributes:
    process_id: index of this process.
    num_processes: of the run.
    coordinator: ``'HOST:PORT'`` of process 0, where ``--distributed`` names it.
  """

  process_id: int
  num_processes: int
  coordinator: str = ''


ALONE = ProcessInfo(0, 1)


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


def parse_flag() -> ProcessInfo | None:
  """What ``--distributed`` says of this process; ``ALONE`` without that flag.

  Returns:
    The position of this process, or None where JAX has to detect it.

  Raises:
    ValueError: the flag has no legal form.
  """
  if 'distributed' not in flags.FLAGS or flags.FLAGS.distributed == 'off':
    return ALONE
  value = flags.FLAGS.distributed
  if value == 'auto':
    # In the shell of salloc, SLURM_NTASKS would count the tasks of the job.
    slurm_tasks = os.environ.get('SLURM_STEP_NUM_TASKS')
    num_tasks = os.environ.get('OMPI_COMM_WORLD_SIZE', slurm_tasks)
    return ALONE if num_tasks == '1' else None
  match = _EXPLICIT.fullmatch(value)
  if match is None or int(match['port']) not in _PORTS:
    raise ValueError(f'--distributed={value}: {FORM}')
  count, index = int(match[3]), int(match[4])
  if not 0 <= index < count:
    raise ValueError(
      f'--distributed={value}: ID {index} is not one of 0 to NUM-1; {FORM}'
    )
  return ProcessInfo(index, count, match['address']) if count > 1 else ALONE


def check_environment() -> None:
  """Refuses variables that JAX would read and fail on, naming them."""
  for name in ('JAX_COORDINATOR_ADDRESS', BIND_VARIABLE):
    address = os.environ.get(name, 'localhost:1')
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match['port']) not in _PORTS:
      raise ValueError(f'{name}={address}: give ADDRESS:PORT, as 10.0.0.1:1234')
  ids = os.environ.get('JAX_LOCAL_DEVICE_IDS')
  if ids and not all(each.strip().isdecimal() for each in ids.split(',')):
    raise ValueError(f'JAX_LOCAL_DEVICE_IDS={ids}: give numbers, as 0,1')


def check_can_listen(address: str) -> None:
  """Refuses an address that the coordinator cannot listen at.

  gRPC itself would share a port that is taken, and mix two runs up.

  Raises:
    ValueError: naming the address and the reason.
  """
  host, _, port = address.rpartition(':')
  host = host.strip('[]')
  try:
    family, kind, *_, where = socket.getaddrinfo(
      host, int(port), type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, kind) as probe:
      probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
      probe.bind(where)
  except OSError as error:
    raise ValueError(
      f'process 0 cannot listen at {address} ({error.strerror}): give an '
      'address of its own machine and a free port, by --distributed or '
      f'{BIND_VARIABLE}'
    ) from error
  number = str(where[0])
  if number.startswith('127.') and host not in (number, 'localhost'):
    logging.warning(
      'the coordinator %s is %s on its own machine: processes on others will '
      'not reach it; set %s=ADDRESS:%s if need be',
      *(host, number, BIND_VARIABLE, port),
    )
