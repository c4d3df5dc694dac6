"""Real failures of processes that train together."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from tests import clusters
from zeroshot import runs
from zeroshot.train import writers

pytestmark = pytest.mark.slow

TOY = 'tests.train.toy_train'
LAYOUT = (2, 2)
LIMIT_S = 90.0  # 20 s of silence at most, and time for a busy machine
PREEMPTED, MISTAKE = 75, 2


@pytest.fixture(scope='module', autouse=True)
def own_compile_cache(tmp_path_factory):
  """A process killed while writing an entry leaves it truncated for ever."""
  with pytest.MonkeyPatch.context() as patch:
    folder = tmp_path_factory.mktemp('cache')
    patch.setenv('JAX_COMPILATION_CACHE_DIR', str(folder))
    yield


@pytest.fixture(scope='module')
def whole_workdir(tmp_path_factory):
  return tmp_path_factory.mktemp('whole') / 'run'


@pytest.fixture(scope='module')
def whole(whole_workdir):
  """The digest of an uninterrupted run."""
  return finish(whole_workdir.parent, whole_workdir)


@pytest.fixture
def small_disk(tmp_path):
  """A file system of 1 MB."""
  folder = tmp_path / 'small'
  folder.mkdir()
  words = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', str(folder)]
  if subprocess.run(words, capture_output=True).returncode:
    pytest.skip('mounting a small tmpfs needs root')
  yield folder
  subprocess.run(['umount', '-l', str(folder)], check=True)


def started(folder, workdir, *, layout=LAYOUT, **flags):
  return clusters.running(folder, TOY, layout=layout, workdir=workdir, **flags)


def finish(folder, workdir, *, layout=LAYOUT, **flags):
  """Runs to the end and returns the digest that all processes agree on."""
  with started(folder, workdir, layout=layout, **flags) as run:
    statuses = run.wait()
    texts = [run.text(index) for index in range(layout[0])]
  assert set(statuses) == {0}, texts[0][-2000:]
  (digest,) = {
    re.search(r'^digest (\w+) traces [01]$', t, re.M)[1] for t in texts
  }
  return digest


def assert_each_step_once(workdir, *, steps=20):
  text = (workdir / writers.METRICS_FILE).read_text()
  logged = [json.loads(line)['step'] for line in text.splitlines()]
  assert logged == sorted(set(logged))
  assert set(range(5, steps + 1, 5)) <= set(logged)


@pytest.mark.parametrize('victim', [0, 1])
def test_sigkill_of_any_process(tmp_path, whole, victim):
  workdir = tmp_path / 'run'
  with started(tmp_path, workdir, slow_s=0.2) as run:
    run.wait_for('^step 6')
    run.kill(victim)
    start = time.monotonic()
    statuses = run.wait(LIMIT_S)
    seconds = time.monotonic() - start
  assert statuses[victim] == -signal.SIGKILL
  assert statuses[1 - victim] != 0
  print(f'process {victim} killed: the rest was gone {seconds:.2f} s later')
  assert finish(tmp_path, workdir) == whole
  assert_each_step_once(workdir)


def test_sigkill_of_a_process_that_the_others_do_not_talk_to(tmp_path):
  # Process 0 is in a long hook: no collective that could break.
  with started(
    tmp_path, tmp_path / 'run', slow_s=60, heartbeat_timeout_s=10
  ) as run:
    run.wait_for('^step 1')
    run.kill(1)
    start = time.monotonic()
    statuses = run.wait(LIMIT_S)
    print(f'told by silence: {time.monotonic() - start:.1f} s')
  assert statuses == [-signal.SIGABRT, -signal.SIGKILL]
  reports = list((tmp_path / 'run' / 'crashes').glob('*-process0.txt'))
  assert any('Fatal Python error: Aborted' in f.read_text() for f in reports)


@pytest.mark.parametrize('layout', [(1, 4), LAYOUT])
def test_sigterm_saves_at_one_step(tmp_path, whole, layout):
  workdir = tmp_path / 'run'
  with started(tmp_path, workdir, layout=layout, slow_s=0.2) as run:
    run.wait_for('^step 6')
    run.kill(layout[0] - 1, signal.SIGTERM)
    statuses = run.wait(LIMIT_S)
    texts = [run.text(index) for index in range(layout[0])]
  assert set(statuses) == {PREEMPTED}
  (step,) = {int(re.search(r'saved after step (\d+)', t)[1]) for t in texts}
  assert step >= 6
  assert runs.newest_step(workdir) == step
  again = finish(tmp_path, workdir, layout=layout)
  if layout == LAYOUT:
    assert again == whole
  assert_each_step_once(workdir)


@pytest.mark.parametrize('culprit', [0, 1])
def test_an_exception_in_one_process(tmp_path, culprit):
  workdir = tmp_path / 'run'
  with started(tmp_path, workdir, crash_in=culprit) as run:
    assert run.processes[culprit].wait(300) == 1
    start = time.monotonic()
    statuses = run.wait(LIMIT_S)
    print(f'the rest was gone {time.monotonic() - start:.2f} s later')
    last = run.text(culprit).rstrip().splitlines()[-1]
  assert statuses[1 - culprit] != 0
  assert last == 'RuntimeError: the toy breaks in update 4'
  (report,) = (workdir / 'crashes').glob(f'*-process{culprit}.txt')
  assert 'in parallel_step' in report.read_text() or last in report.read_text()


def test_killed_while_saving(tmp_path, whole):
  workdir = tmp_path / 'run'
  folder = workdir / 'checkpoints'
  for attempt in itertools.count():
    assert attempt < 20, 'never caught it half-written'
    with started(tmp_path, workdir, checkpoint_every=1, slow_s=0.05) as run:
      run.wait_for('^step 2')
      while not (half := list(folder.glob('*-tmp*'))):
        assert run.processes[0].poll() is None, 'it ended before it was caught'
      run.kill(0)
      run.wait(LIMIT_S)
    if half := list(folder.glob('*-tmp*')):
      break
  print('left half-written:', [file.name for file in half])
  assert finish(tmp_path, workdir) == whole
  assert not list(folder.glob('*-tmp*'))


@pytest.mark.parametrize('doing', ['saving', 'logging'])
def test_a_full_disk(tmp_path, small_disk, doing):
  fill, workdir = small_disk / 'fill', small_disk / 'run'
  settings = dict(steps=600, checkpoint_every=1 if doing == 'saving' else 600)
  with started(
    tmp_path, workdir, layout=(1, 1), slow_s=0.02, **settings
  ) as run:
    run.wait_for('^step 4')
    with fill.open('wb', buffering=0) as file, contextlib.suppress(OSError):
      while True:
        file.write(b'x' * 512)
    (status,) = run.wait(60)
    last = run.text().rstrip().splitlines()[-1]
  print(last)
  assert status == MISTAKE
  assert last.startswith('error: ')
  assert 'No space left on device' in last
  assert str(workdir) in last
  assert 'run the same command again' in last
  newest = runs.newest_step(workdir) or 0
  if doing == 'saving':
    runs.load_parameters(workdir, newest)  # intact
  fill.unlink()
  settings = dict(steps=newest + 6, checkpoint_every=600)
  finish(tmp_path, workdir, layout=(1, 1), allow_config_change=True, **settings)


def test_the_last_hooks_may_take_longer_than_all_wait_for_each_other(tmp_path):
  workdir = tmp_path / 'run'
  settings = dict(layout=(2, 1), steps=3, slow_s=6, shutdown_timeout_s=3)
  finish(tmp_path, workdir, **settings)
  assert runs.newest_step(workdir) == 3


def test_two_runs_in_one_workdir(tmp_path, whole):
  workdir = tmp_path / 'run'
  # Slow enough to be running yet when the second has started up.
  with started(tmp_path, workdir, slow_s=1.0) as first:
    first.wait_for('^step 2')
    with started(tmp_path, workdir) as second:
      assert second.wait() == [MISTAKE, MISTAKE]
      text = second.text(0)
    assert set(first.wait()) == {0}
  assert f'process {first.processes[0].pid} on' in text
  assert f'another run is in {workdir}' in text
  assert finish(tmp_path, workdir) == whole  # it is complete, and unharmed


def test_a_loss_that_is_not_finite(tmp_path):
  workdir = tmp_path / 'run'
  with started(tmp_path, workdir, learning_rate=3e38) as run:
    assert run.wait() == [1, 1]
    text = run.text(0)
  assert re.search(r'training stopped: \w+ is (nan|inf) in update \d+', text)
  assert 'launch.replay' in text


@pytest.mark.parametrize('damage', ['truncated', 'flipped'])
def test_a_damaged_checkpoint(tmp_path, whole, whole_workdir, damage):
  workdir = tmp_path / 'run'
  shutil.copytree(whole_workdir, workdir)
  newest = workdir / 'checkpoints' / '20'
  file = max(
    (f for f in (newest / 'train').rglob('*') if f.is_file()),
    key=lambda f: f.stat().st_size,
  )
  content = bytearray(file.read_bytes())
  if damage == 'flipped':
    content[len(content) // 2] ^= 1
  else:
    content = content[: len(content) // 2]
  file.write_bytes(content)
  with started(tmp_path, workdir) as run:
    assert set(run.wait()) == {0}
    text = run.text(0)
  assert 'IS DAMAGED' in text
  assert whole in text
  assert runs.newest_step(workdir) == 20


@pytest.mark.timeout(1500)
def test_chaos(tmp_path):
  """Killed at 5 random moments, the run ends as if nothing had happened."""
  settings = dict(layout=(2, 1), steps=60, checkpoint_every=2)
  undisturbed = settings | dict(checkpoint_every=60)
  whole = finish(tmp_path, tmp_path / 'whole', **undisturbed)
  rng, workdir, kills = random.Random(5), tmp_path / 'run', []
  start_up_s = 0.0
  while len(kills) < 5:
    begin = time.monotonic()
    early = len(kills) == 2  # in the middle of starting up
    # A process that never came is missed when the time to come is over.
    patience = dict(initialization_timeout_s=5) if early else {}
    with started(tmp_path, workdir, slow_s=0.1, **settings, **patience) as run:
      victim = rng.randrange(2)
      if early:
        time.sleep(rng.uniform(0, start_up_s))
      else:
        first = int(run.wait_for(r'^step (\d+)')[1])
        start_up_s = time.monotonic() - begin
        # Steps, not seconds, so that it gets on as far on a slow machine.
        run.wait_for(rf'^step {first + rng.randrange(14)}$')
        time.sleep(rng.uniform(0, 0.1))
      run.kill(victim)
      killed = time.monotonic()
      statuses = run.wait(LIMIT_S)
    assert all(statuses), f'a status is 0: {statuses}'
    gone_s = time.monotonic() - killed
    kills.append((victim, checkpoints_in(workdir), gone_s))
  for number, (victim, steps, gone_s) in enumerate(kills, 1):
    print(f'kill {number}: process {victim}; saved {steps}; {gone_s:.2f} s')
  assert kills[-1][1][-1] > 6, 'it did not get on between the kills'
  assert finish(tmp_path, workdir, **settings) == whole
  assert_each_step_once(workdir, steps=60)


def checkpoints_in(workdir):
  folder = workdir / 'checkpoints'
  return sorted(int(f.name) for f in folder.glob('*') if f.name.isdigit())
