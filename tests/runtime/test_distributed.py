"""What --distributed says of a process, and which addresses are legal."""

from __future__ import annotations

import os
import socket
import types

import pytest

from zeroshot.runtime import distributed
from zeroshot.runtime.distributed import ALONE, ProcessInfo


class ParsedFlags(types.SimpleNamespace):
  def __contains__(self, name):
    return hasattr(self, name)


@pytest.fixture
def parse(monkeypatch):
  for name in os.environ:
    if name.startswith(('SLURM', 'OMPI')):
      monkeypatch.delenv(name)

  def parse_flag(value, **variables):
    for name, text in variables.items():
      monkeypatch.setenv(name, text)
    given = ParsedFlags(distributed=value)
    monkeypatch.setattr(distributed.flags, 'FLAGS', given)
    return distributed.parse_flag()

  return parse_flag


@pytest.mark.parametrize(
  ('value', 'process'),
  [
    ('off', ALONE),
    ('auto', None),
    ('host:1234,1,0', ALONE),
    ('10.0.0.1:1234,4,3', ProcessInfo(3, 4, '10.0.0.1:1234')),
    ('[::1]:1234,2,0', ProcessInfo(0, 2, '[::1]:1234')),
  ],
)
def test_legal_values(parse, value, process):
  assert parse(value) == process


@pytest.mark.parametrize(
  'value',
  [
    *('', 'on', 'host', 'host:1234', 'host:1234,2', 'host:1234,2,0,1'),
    *('host:0,2,0', 'host:70000,2,0', 'host:x,2,0', 'host:1234,2,2'),
    *('host:1234,0,0', 'host:1234,-2,0', ':1234,2,0', 'host:1234,2,zero'),
  ],
)
def test_a_wrong_value_names_the_flag_and_its_form(parse, value):
  with pytest.raises(ValueError, match='COORDINATOR:PORT,NUM,ID') as caught:
    parse(value)
  assert f'--distributed={value}' in str(caught.value)


def test_a_command_without_the_flag_is_alone(monkeypatch):
  monkeypatch.setattr(distributed.flags, 'FLAGS', ParsedFlags())
  assert distributed.parse_flag() == ALONE


def test_the_shell_of_salloc_is_alone(parse):
  assert parse('auto', SLURM_NTASKS='4', SLURM_STEP_NUM_TASKS='1') == ALONE


def test_a_task_of_slurm_may_have_been_started_by_open_mpi(parse):
  variables = dict(SLURM_STEP_NUM_TASKS='1', OMPI_COMM_WORLD_SIZE='2')
  assert parse('auto', **variables) is None


def test_a_port_that_is_taken_is_refused():
  with socket.socket() as taken:
    taken.bind(('127.0.0.1', 0))
    taken.listen()
    address = f'127.0.0.1:{taken.getsockname()[1]}'
    with pytest.raises(ValueError, match=f'cannot listen at {address}'):
      distributed.check_can_listen(address)


@pytest.mark.parametrize('host', ['no-such-host.invalid', '192.0.2.1'])
def test_an_address_of_another_machine_is_refused(host):
  with pytest.raises(ValueError, match=f'cannot listen at {host}:29999'):
    distributed.check_can_listen(f'{host}:29999')


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost'])
def test_an_address_of_this_machine_is_legal(host):
  distributed.check_can_listen(f'{host}:0')


@pytest.mark.parametrize('address', ['0.0.0.0', '0.0.0.0:', 'a:b', 'a:70000'])
@pytest.mark.parametrize(
  'name', ['JAX_COORDINATOR_BIND_ADDRESS', 'JAX_COORDINATOR_ADDRESS']
)
def test_an_address_has_a_port(monkeypatch, name, address):
  monkeypatch.setenv(name, address)
  with pytest.raises(ValueError, match=f'{name}={address}: give ADDRESS:PORT'):
    distributed.check_environment()


def test_device_ids_are_numbers(monkeypatch):
  monkeypatch.setenv('JAX_LOCAL_DEVICE_IDS', '0,1,2')
  distributed.check_environment()
  monkeypatch.setenv('JAX_LOCAL_DEVICE_IDS', '0,one')
  with pytest.raises(ValueError, match='JAX_LOCAL_DEVICE_IDS=0,one: give num'):
    distributed.check_environment()
