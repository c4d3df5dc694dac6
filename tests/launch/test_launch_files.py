"""The files that start runs elsewhere: their flags are legal flags."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from zeroshot.runtime import cli

ROOT = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r'launch\.\w+(?: --[^\s\'`]+)+')


def manifests():
  text = (ROOT / 'launch' / 'jobset.yaml').read_text()
  return {part['kind']: part for part in yaml.safe_load_all(text)}


def job():
  (replicated,) = manifests()['JobSet']['spec']['replicatedJobs']
  assert replicated['replicas'] == 1
  return replicated['template']['spec']


def container():
  (only,) = job()['template']['spec']['containers']
  return only


def opening(name):
  """The first line of a file that is no shebang."""
  lines = (ROOT / 'launch' / name).read_text().splitlines()
  return lines[1] if lines[0].startswith('#!') else lines[0]


def test_each_file_opens_with_the_line_to_run():
  for name in ('local.sh', 'slurm.sbatch', 'tpu.md'):
    assert COMMAND.search(opening(name)), name
  assert opening('jobset.yaml') == '# kubectl apply -f launch/jobset.yaml'


@pytest.mark.parametrize('name', ['local.sh', 'slurm.sbatch', 'tpu.md'])
def test_the_opening_line_parses(name):
  parse(COMMAND.search(opening(name))[0].split())


def test_the_pods_command_parses():
  python, option, *words = container()['command']
  assert (python, option) == ('python', '-m')
  parse(words)


def parse(words):
  """Parses a command's flags, and stops at a word that is none."""
  done = subprocess.run(
    [sys.executable, '-m', *words, 'stop'],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.stderr.startswith("error: unexpected argument 'stop'")
  assert done.returncode == 2


def test_the_job_is_what_jax_detects():
  assert job()['completionMode'] == 'Indexed'
  assert job()['parallelism'] == job()['completions']
  pod = job()['template']['spec']
  account = manifests()['ServiceAccount']['metadata']['name']
  assert pod['serviceAccountName'] == account
  allowed = {
    resource: set(rule['verbs'])
    for rule in manifests()['Role']['rules']
    for resource in rule['resources']
  }
  assert allowed['pods'] >= {'list'}
  assert allowed['jobs'] >= {'get'}


def test_python_is_not_pid_1():
  assert job()['template']['spec']['shareProcessNamespace'] is True


def test_a_mistake_is_not_repeated():
  (rule,) = job()['podFailurePolicy']['rules']
  assert rule['onExitCodes']['values'] == [cli.MISTAKE]
  assert rule['onExitCodes']['containerName'] == container()['name']
  assert job()['template']['spec']['restartPolicy'] == 'Never'


def test_the_statuses_are_the_commands_own():
  for name in ('local.sh', 'slurm.sbatch'):
    text = (ROOT / 'launch' / name).read_text()
    assert f'PREEMPTED={cli.PREEMPTED}' in text, name
