"""Where --distributed puts a process: told, detected or alone."""

from __future__ import annotations

import os
import socket
import types

import pytest
from jax._src import clusters

from zeroshot.runtime import distributed
from zeroshot.runtime.distributed import ALONE, ProcessInfo

SLURM = dict(
  SLURM_JOB_ID='5000',
  SLURM_STEP_NODELIST='node[007-008]',
  SLURM_NTASKS='4',
  SLURM_PROCID='3',
  SLURM_LOCALID='1',
  SLURM_STEP_NUM_TASKS='4',
)
OPEN_MPI = dict(
  OMPI_MCA_orte_hnp_uri='1531576320.0;tcp://10.96.0.1,10.148.0.1:34911',
  OMPI_COMM_WORLD_SIZE='2',
  OMPI_COMM_WORLD_RANK='1',
  OMPI_COMM_WORLD_LOCAL_RANK='1',
)
LAUNCHERS = ('SLURM', 'OMPI', 'KUBERNETES', 'JOB_', 'JAX_COORDINATOR', 'TPU_')


class Given(types.SimpleNamespace):
  """Flags that were parsed."""

  def __contains__(self, name):
    return hasattr(self, name)


@pytest.fixture
def find(monkeypatch):
  for name in os.environ:
    if name.startswith(LAUNCHERS) or name == 'JAX_LOCAL_DEVICE_IDS':
      monkeypatch.delenv(name)

  def found(value, variables=(), **flags):
    for name, text in dict(variables).items():
      monkeypatch.setenv(name, text)
    given = Given(distributed=value, initialization_timeout_s=1, **flags)
    monkeypatch.setattr(distributed.flags, 'FLAGS', given)
    return distributed.find()

  return found


@pytest.mark.parametrize(
  ('value', 'place'),
  [
    ('off', ALONE),
    ('auto', ALONE),
    ('host:1234,1,0', ALONE),
    ('10.0.0.1:1234,4,3', ProcessInfo(3, 4, '10.0.0.1:1234', None)),
    ('[::1]:1234,2,0', ProcessInfo(0, 2, '[::1]:1234', None)),
  ],
)
def test_what_is_told(find, value, place):
  assert find(value) == place


@pytest.mark.parametrize(
  'value',
  [
    *('', 'on', 'host', 'host:1234', 'host:1234,2', 'host:1234,2,0,1'),
    *('host:0,2,0', 'host:70000,2,0', 'host:x,2,0', 'host:1234,2,2'),
    *('host:1234,0,0', 'host:1234,-2,0', ':1234,2,0', 'host:1234,2,zero'),
  ],
)
def test_a_wrong_value_names_the_flag_and_its_form(find, value):
  with pytest.raises(ValueError, match='COORDINATOR:PORT,NUM,ID') as caught:
    find(value)
  assert f'--distributed={value}' in str(caught.value)


def test_slurm_gives_each_task_one_device(find):
  assert find('auto', SLURM) == ProcessInfo(3, 4, 'node007:62344', (1,))


def test_slurm_with_all_devices_of_a_node(find):
  variables = SLURM | dict(JAX_LOCAL_DEVICE_IDS='0,1,2,3')
  assert find('auto', variables).devices == (0, 1, 2, 3)


@pytest.mark.parametrize(
  'changes',
  [
    dict(SLURM_NTASKS='1', SLURM_PROCID='0', SLURM_STEP_NUM_TASKS='1'),
    dict(SLURM_STEP_NUM_TASKS='1'),  # the shell of salloc
    dict(SLURM_STEP_NODELIST=None),  # a batch script, outside srun
  ],
)
def test_one_task_of_slurm_is_alone(find, changes):
  variables = {k: v for k, v in (SLURM | changes).items() if v is not None}
  assert find('auto', variables) == ALONE


def test_slurm_can_be_turned_off(find):
  assert find('off', SLURM) == ALONE


def test_open_mpi(find):
  place = find('auto', OPEN_MPI)
  assert (place.process_id, place.num_processes) == (1, 2)
  assert place.coordinator.startswith('10.96.0.1:')
  assert place.devices == (1,)


def test_a_pod_outside_a_job_is_alone(find):
  assert find('auto', dict(KUBERNETES_SERVICE_HOST='10.0.0.1')) == ALONE


def test_a_pod_of_a_job_needs_a_package(find, monkeypatch):
  monkeypatch.setitem(__import__('sys').modules, 'kubernetes', None)
  variables = dict(KUBERNETES_SERVICE_HOST='10.0.0.1', JOB_COMPLETION_INDEX='1')
  with pytest.raises(ValueError, match='package kubernetes: install it'):
    find('auto', variables)


def test_a_jax_that_detects_otherwise_is_told(find, monkeypatch):
  name = 'auto_detect_unset_distributed_params'
  monkeypatch.delattr(clusters.ClusterEnv, name)
  with pytest.raises(ValueError, match='COORDINATOR:PORT,NUM,ID') as caught:
    find('auto')
  assert name in str(caught.value)


def test_a_command_without_the_flag_is_alone(monkeypatch):
  monkeypatch.setattr(distributed.flags, 'FLAGS', Given())
  assert distributed.find() == ALONE


def test_a_port_that_is_taken_is_refused():
  with socket.socket() as taken:
    taken.bind(('127.0.0.1', 0))
    taken.listen()
    address = f'127.0.0.1:{taken.getsockname()[1]}'
    with pytest.raises(ValueError, match=f'cannot listen at {address}'):
      distributed.start(ProcessInfo(0, 2, address, None))


@pytest.mark.parametrize('address', ['0.0.0.0', '0.0.0.0:', 'a:b', 'a:70000'])
def test_an_address_to_listen_at_has_a_port(monkeypatch, address):
  monkeypatch.setenv('JAX_COORDINATOR_BIND_ADDRESS', address)
  form = f'JAX_COORDINATOR_BIND_ADDRESS={address}: give ADDRESS:PORT'
  with pytest.raises(ValueError, match=form):
    distributed.start(ProcessInfo(0, 2, '127.0.0.1:29999', None))


def test_a_coordinator_has_a_port():
  with pytest.raises(ValueError, match='JAX_COORDINATOR_ADDRESS=node7: give'):
    distributed.start(ProcessInfo(1, 2, 'node7', None))


@pytest.mark.parametrize('host', ['no-such-host.invalid', '192.0.2.1'])
def test_a_coordinator_elsewhere_is_refused(host):
  with pytest.raises(ValueError, match=f'cannot listen at {host}:29999'):
    distributed.start(ProcessInfo(0, 2, f'{host}:29999', None))


@pytest.mark.parametrize(
  ('variables', 'expected'),
  [
    ({}, 'node7'),
    ({'no_proxy': 'a.b'}, 'a.b,node7'),
    ({'no_proxy': 'a.b', 'no_grpc_proxy': 'c'}, 'c,node7'),
  ],
)
def test_proxies_are_not_asked_for_the_coordinator(
  monkeypatch, variables, expected
):
  name = 'no_grpc_proxy'
  for each in ('no_proxy', name):
    monkeypatch.setenv(each, variables.get(each, ''))
  distributed._bypass_proxies('node7:1234')
  assert os.environ[name] == expected
