from __future__ import annotations

import os
import signal
import threading

import pytest

from tests.train.toy import log_lines, train
from zeroshot import runs
from zeroshot.train import preemption


def terminate():
  os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_is_seen_after_the_step_and_the_old_handler_comes_back():
  before = signal.getsignal(signal.SIGTERM)
  with preemption.watch() as is_due:
    assert not is_due(1)
    terminate()
    terminate()
    assert is_due(2)
  assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_no_signal_is_taken():
  before, results = signal.getsignal(signal.SIGTERM), []

  def look():
    with preemption.watch() as is_due:
      results.append((is_due(1), signal.getsignal(signal.SIGTERM)))

  thread = threading.Thread(target=look)
  thread.start()
  thread.join()
  assert results == [(False, before)]


def at(step, function):
  def hook(params, now):
    del params
    if now == step:
      function()
    return {}

  return ('at', 1, hook)


def test_a_run_saves_and_leaves_after_the_step(tmp_path):
  with pytest.raises(preemption.Preempted, match='saved after step 6') as left:
    train(tmp_path, hooks=[at(5, terminate)])
  assert left.value.step == 6
  assert runs.newest_step(tmp_path) == 6
  assert [line['step'] for line in log_lines(tmp_path)] == [3, 4, 6]
  assert int(train(tmp_path).step) == 8
  assert [line['step'] for line in log_lines(tmp_path)] == [3, 4, 6, 8]


def test_a_run_at_its_end_is_simply_done(tmp_path):
  assert int(train(tmp_path, hooks=[at(7, terminate)]).step) == 8
  assert int(train(tmp_path, hooks=[at(8, terminate)]).step) == 8
