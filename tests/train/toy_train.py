"""Trains the toy network of ``toy`` as ``launch.train`` does the real one.

  python -m tests.train.toy_train --workdir=DIR [--distributed=...] [...]

Prints ``digest HEX traces N`` at its end, HEX of the whole state bit for bit.
"""

from __future__ import annotations

import hashlib
import sys
import time

import jax
import numpy as np
from absl import flags

from tests.train import toy
from zeroshot.runtime import cli, distributed
from zeroshot.train import loop, parallel, preemption

traces = []


def synthesise(keys, bank):
  traces.append(keys)
  return toy.synthesise(keys, bank)


def digest(state):
  leaves = jax.tree.leaves(jax.device_get(state))
  return hashlib.sha256(b''.join(leaf.tobytes() for leaf in leaves)).hexdigest()


def slowly(params, step):
  """Slows each step down, so that tests can interrupt it."""
  del params
  print('step', step, flush=True)
  time.sleep(flags.FLAGS.slow_s)
  return {}


def crash_at(number):
  """Makes an update of this process raise, as a bug would."""
  build = parallel.parallel_step

  def parallel_step(*args, **kwargs):
    update, done = build(*args, **kwargs), []

    def counted(state, bank):
      done.append(None)
      if len(done) == number:
        raise RuntimeError(f'the toy breaks in update {number}')
      return update(state, bank)

    return counted

  parallel.parallel_step = parallel_step


def main(argv):
  del argv
  cli.show_log_lines()
  values = flags.FLAGS
  if values.crash_in == jax.process_index():
    crash_at(4)
  config = toy.config(
    steps=values.steps,
    checkpoint_every=values.checkpoint_every,
    log_every=5,
    learning_rate=values.learning_rate,
  )
  hooks = [('slowly', 1, slowly)] if values.slow_s else []
  try:
    state = loop.train(
      config,
      toy.task(synthesise=synthesise),
      workdir=values.workdir,
      hooks=hooks,
      allow_config_change=values.allow_config_change,
    )
  except preemption.Preempted as error:
    print(error, file=sys.stderr)
    sys.exit(cli.PREEMPTED)
  if values.state:
    np.savez(values.state, *jax.tree.leaves(jax.device_get(state.params)))
  print('digest', digest(state), 'traces', len(traces), flush=True)


if __name__ == '__main__':
  flags.DEFINE_string('workdir', None, '', required=True)
  flags.DEFINE_integer('steps', 20, '')
  flags.DEFINE_integer('checkpoint_every', 4, '')
  flags.DEFINE_float('learning_rate', 1e-2, '')
  flags.DEFINE_float('slow_s', 0.0, '')
  flags.DEFINE_integer('crash_in', -1, '')
  flags.DEFINE_string('state', None, '')
  flags.DEFINE_bool('allow_config_change', False, '')
  distributed.define_flags()
  cli.run(main, crashes_in='workdir', saves_on_sigterm=True)
