"""A command that runs one collective, for tests of launching.

python -m tests.launch.joined --out=FOLDER --fails=raise --who=1
"""

from __future__ import annotations

import sys
import time

import jax
from absl import flags, logging
from jax.experimental import multihost_utils

from zeroshot.runtime import broadcast, cli, distributed


def main(argv):
  del argv
  cli.show_log_lines()
  logging.info('a line of information')
  logging.warning('a warning')
  ids = [
    part.decode() for part in broadcast.gather(b'%d' % jax.process_index())
  ]
  print('processes', *ids, 'devices', jax.device_count(), flush=True)
  time.sleep(flags.FLAGS.seconds)
  if jax.process_index() == flags.FLAGS.who:
    if flags.FLAGS.fails == 'raise':
      raise RuntimeError('this process broke')
    if flags.FLAGS.fails == 'mistake':
      raise ValueError('this was a mistake')
    if flags.FLAGS.fails == 'nan':
      raise FloatingPointError('loss is nan')
  if flags.FLAGS.fails == 'preempted':
    sys.exit(cli.PREEMPTED)
  multihost_utils.sync_global_devices('end')


if __name__ == '__main__':
  flags.DEFINE_string('out', None, 'Folder.', required=True)
  flags.DEFINE_string('fails', '', 'How.')
  flags.DEFINE_integer('who', 1, 'The process that fails.')
  flags.DEFINE_float('seconds', 0.0, 'Time to stay.')
  distributed.define_flags()
  cli.run(main, crashes_in='out')
