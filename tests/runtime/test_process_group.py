"""Joining processes: what JAX detects, and what its failures mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types

import jax
import pytest

from tests import clusters
from zeroshot.runtime import process_group
from zeroshot.runtime.distributed import ProcessInfo

LAUNCHERS = ('SLURM', 'OMPI', 'KUBERNETES', 'JOB_', 'JAX_COORDINATOR', 'TPU_')
TIMEOUTS = dict(
  initialization_timeout_s=1, heartbeat_timeout_s=2, shutdown_timeout_s=3
)
# Variables, and what comes of them where the package kubernetes is missing.
POD = dict(KUBERNETES_SERVICE_HOST='10.0.0.1')
OUTSIDE_SRUN = dict(SLURM_JOB_ID='1', SLURM_NTASKS='4', SLURM_PROCID='0')
DETECTED = [
  ({}, [0, 1, '']),
  (OUTSIDE_SRUN, [0, 1, '']),
  (POD, [0, 1, '']),
  (POD | dict(JOB_COMPLETION_INDEX='1'), 'package kubernetes: install it'),
]
# In a process of its own: JAX detects nothing once a device was used.
DETECT = """
import json, os, sys, types
from unittest import mock
from zeroshot.runtime import process_group
sys.modules['kubernetes'] = None
process_group.flags.FLAGS = types.SimpleNamespace(**json.loads(sys.argv[1]))
for variables in json.loads(sys.argv[2]):
  with mock.patch.dict(os.environ, variables):
    try:
      with process_group.join(None, saves_on_sigterm=False) as process:
        print(json.dumps(process))
    except ValueError as error:
      print(json.dumps(str(error)))
"""


def test_where_jax_detects_nothing_a_process_is_alone():
  words = [json.dumps(TIMEOUTS), json.dumps([case for case, _ in DETECTED])]
  done = subprocess.run(
    [sys.executable, '-W', 'error', '-c', DETECT, *words],
    cwd=clusters.ROOT,
    env={k: v for k, v in os.environ.items() if not k.startswith(LAUNCHERS)},
    check=True,
    stdout=subprocess.PIPE,
    text=True,
  )
  results = [json.loads(line) for line in done.stdout.splitlines()]
  assert results[:3] == [expected for _, expected in DETECTED[:3]]
  assert DETECTED[3][1] in results[3]


@pytest.fixture
def initialize(monkeypatch):
  """Replaces what JAX does; lists what it was called with."""
  given = types.SimpleNamespace(**TIMEOUTS)
  monkeypatch.setattr(process_group.flags, 'FLAGS', given)
  calls = []

  def replace(error=None):
    def call(*positions, **settings):
      calls.append((positions, settings, dict(os.environ)))
      if error is not None:
        raise error

    monkeypatch.setattr(jax.distributed, 'initialize', call)
    return calls

  return replace


def join(process=None):
  with process_group.join(process, saves_on_sigterm=False) as position:
    return position


def test_a_launcher_that_jax_cannot_read_is_a_mistake(initialize):
  initialize(RuntimeError('Could not parse the address'))
  with pytest.raises(ValueError, match=r'^--distributed=auto: Could') as caught:
    join()
  assert 'give --distributed=COORDINATOR:PORT,NUM,ID' in str(caught.value)


@pytest.mark.parametrize(
  'error',
  [ConnectionRefusedError('nobody answers'), jax.errors.JaxRuntimeError('x')],
)
def test_a_fault_that_may_pass_is_no_mistake_of_the_user(initialize, error):
  initialize(error)
  with pytest.raises(type(error)):
    join()


def test_the_coordinator_listens_at_its_own_address_alone(
  initialize, monkeypatch
):
  monkeypatch.setenv('http_proxy', 'http://a:9')
  calls = initialize()
  address = f'127.0.0.1:{clusters.free_port()}'
  process = ProcessInfo(0, 2, address)
  assert join(process) == process
  ((positions, settings, variables),) = calls
  assert positions == (address, 2, 0)
  assert settings == {
    'cluster_detection_method': 'deactivate',
    'coordinator_bind_address': address,
    'initialization_timeout': 1,
    'heartbeat_timeout_seconds': 2,
    'shutdown_timeout_seconds': 3,
  }
  # gRPC would ask a proxy for the coordinator.
  assert 'http_proxy' not in variables
  assert os.environ['http_proxy'] == 'http://a:9'
