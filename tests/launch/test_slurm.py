"""A real Slurm on this machine: a job ends, fails, is stopped and resumes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import xla_flags
from tests.launch import test_local, test_train

ROOT = Path(__file__).resolve().parents[2]
SLURM = ROOT / 'tests' / 'slurm'

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def slurm(tmp_path_factory):
  """Starts Slurm; gives the variables that its commands and jobs need."""
  folder = tmp_path_factory.mktemp('slurm')
  done = subprocess.run([SLURM / 'start.sh', folder], capture_output=True)
  if done.returncode == 77:
    pytest.skip(done.stderr.decode().splitlines()[-1])
  assert done.returncode == 0, done.stderr.decode()
  yield os.environ | dict(
    SLURM_CONF=str(folder / 'slurm.conf'),
    UV_PROJECT_ENVIRONMENT=sys.prefix,
    PYTHONUNBUFFERED='1',
    # JAX takes it from the job's number, which any Slurm counts from 1.
    JAX_COORDINATOR_PORT=str(test_local.free_port()),
    XLA_FLAGS=xla_flags.of(devices=1),
  )
  subprocess.run([SLURM / 'stop.sh', folder], check=True)


def submit(variables, log, *command):
  """Submits a command in two tasks; returns the job's number."""
  batch = ['sbatch', '--parsable', '--ntasks=2', f'--output={log}']
  return subprocess.run(
    [*batch, 'launch/slurm.sbatch', *command],
    cwd=ROOT,
    env=variables,
    check=True,
    capture_output=True,
    text=True,
  ).stdout.strip()


def record(variables, job):
  return subprocess.run(
    ['scontrol', 'show', 'job', job],
    env=variables,
    check=True,
    capture_output=True,
    text=True,
  ).stdout


def field(text, name):
  return re.search(rf'\b{name}=(\S+)', text)[1]


def wait(variables, job, log, condition, *, seconds=240):
  """Waits until a job's record meets a condition, and prints that record."""
  end = time.monotonic() + seconds
  while not condition(text := record(variables, job)):
    shown = log.read_text()[-3000:] if log.exists() else ''
    assert time.monotonic() < end, text + shown
    time.sleep(0.2)
  print(text)
  return text


def is_over(text):
  return field(text, 'JobState') in ('COMPLETED', 'FAILED', 'CANCELLED')


@pytest.mark.parametrize(
  ('fails', 'state'), [('', 'COMPLETED'), ('raise', 'FAILED')]
)
def test_two_tasks_to_their_end(slurm, tmp_path, fails, state):
  log = tmp_path / 'log'
  command = ['tests.launch.joined', f'--out={tmp_path}', f'--fails={fails}']
  job = submit(slurm, log, *command)
  text = wait(slurm, job, log, is_over)
  assert field(text, 'JobState') == state, log.read_text()
  assert field(text, 'NumTasks') == '2'
  assert field(text, 'Restarts') == '0'
  assert 'processes 0 1 devices 2' in log.read_text()


def steps(workdir):
  file = workdir / 'metrics.jsonl'
  if not file.exists():
    return []
  lines = file.read_text().splitlines(keepends=True)
  return [json.loads(line)['step'] for line in lines if line.endswith('\n')]


def test_a_stopped_job_is_requeued_and_goes_on(slurm, tmp_path):
  log, workdir = tmp_path / 'log', tmp_path / 'run'
  command = test_train.command(workdir, 'train.steps=60')
  job = submit(slurm, log, *command[2:])  # without 'python -m'
  wait(
    slurm,
    job,
    log,
    lambda text: len(steps(workdir)) > 2 or is_over(text),
  )
  stop = ['scancel', '--signal=TERM', job]
  subprocess.run(stop, env=slurm, check=True)
  text = wait(
    slurm,
    job,
    log,
    lambda text: is_over(text) and field(text, 'Restarts') != '0',
  )
  printed = log.read_text()
  assert field(text, 'JobState') == 'COMPLETED', printed
  assert int(field(text, 'Restarts')) >= 1
  assert 'saved; back into the queue' in printed
  assert 'resuming' in printed
  done = steps(workdir)
  assert done == sorted(set(done))
  assert done[-1] == 60
