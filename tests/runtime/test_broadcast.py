"""A single process; for several see tests/train/test_faults.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import clusters
from zeroshot.runtime import broadcast

TELL = """
import jax
from absl import flags
from zeroshot.runtime import cli, distributed
from zeroshot.runtime import broadcast

def refuse():
  raise ValueError('there is no such thing')

def main(argv):
  here = jax.process_index()
  assert broadcast.gather(b'x' * here) == [b'', b'x']
  assert broadcast.gather(b'') == [b'', b'']
  assert broadcast.from_first(lambda: b'of %d' % here) == b'of 0'
  try:
    broadcast.from_first(refuse)
  except ValueError as error:
    print('refused:', error, flush=True)

if __name__ == '__main__':
  distributed.define_flags()
  cli.run(main)
"""


def test_a_process_on_its_own_hears_itself():
  assert broadcast.is_first()
  assert broadcast.gather(b'a') == [b'a']
  assert broadcast.from_first(lambda: b'b') == b'b'

  def refuse():
    raise ValueError('there is no such thing')

  with pytest.raises(ValueError, match='no such thing'):
    broadcast.from_first(refuse)


def by_flag(port, index):
  return f'--distributed=127.0.0.1:{port},2,{index}', {}


def by_open_mpi(port, index):
  return '--distributed=auto', {
    'OMPI_MCA_orte_hnp_uri': '1531576320.0;tcp://127.0.0.1:34911',
    'OMPI_COMM_WORLD_SIZE': '2',
    'OMPI_COMM_WORLD_RANK': str(index),
    'OMPI_COMM_WORLD_LOCAL_RANK': str(index),
    'JAX_COORDINATOR_PORT': str(port),
  }


@pytest.mark.slow
@pytest.mark.parametrize('launched', [by_flag, by_open_mpi])
def test_two_processes_hear_each_other(tmp_path, launched):
  (tmp_path / 'tell_each_other.py').write_text(TELL)
  port = clusters.free_port()
  processes = []
  for index in range(2):
    flag, variables = launched(port, index)
    processes.append(
      subprocess.Popen(
        [sys.executable, tmp_path / 'tell_each_other.py', flag],
        cwd=clusters.ROOT,
        env={
          **clusters.environment(devices=2),
          **variables,
          'PYTHONPATH': str(clusters.ROOT),
        },
        stdout=subprocess.PIPE,
        text=True,
      )
    )
  texts = [process.communicate(timeout=300)[0] for process in processes]
  assert [process.returncode for process in processes] == [0, 0]
  assert 'refused: there is no such thing' in texts[0]
  assert 'refused: process 0 refused: there is no such thing' in texts[1]
