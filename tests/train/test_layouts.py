"""The same run on other numbers of processes and devices."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from flax import traverse_util

from data_tools import make_pairs
from tests import clusters
from tests.launch.test_train import SETTINGS
from tests.train.test_faults import finish, started
from zeroshot import runs

pytestmark = pytest.mark.slow

LAYOUTS = [(1, 1), (1, 4), (2, 2)]
SAVED = [
  *SETTINGS,
  'train.steps=20',
  'train.checkpoint_every=20',
]
EVALUATED = [
  'eval.split=generated',
  'eval.bootstrap_samples=20',
  'eval.pictures=1',
  'eval.synthetic_pairs=4',
  'eval.defect_free_pairs=3',
  'eval.worst=2',
]


def words(module, lines):
  return [
    module,
    '--config=configs/smoke.py',
    *(f'--config.{line}' for line in lines),
  ]


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """The run of each layout: 20 updates of a real network."""
  folder, workdirs = tmp_path_factory.mktemp('trained'), {}
  for layout in LAYOUTS:
    workdirs[layout] = folder / f'{layout[0]}x{layout[1]}'
    with clusters.running(
      folder,
      *words('launch.train', SAVED),
      layout=layout,
      workdir=workdirs[layout],
      rounded=True,
    ) as run:
      assert set(run.wait(400)) == {0}, run.text()[-2000:]
  return workdirs


def parameters(workdir):
  return traverse_util.flatten_dict(runs.load_parameters(workdir)[0], sep='/')


@pytest.mark.parametrize(
  ('layout', 'other'), [((1, 4), (1, 1)), ((2, 2), (1, 1)), ((2, 2), (1, 4))]
)
def test_the_same_parameters(trained, layout, other):
  one, two = parameters(trained[layout]), parameters(trained[other])
  assert one.keys() == two.keys()
  gap = {name: np.linalg.norm(one[name] - two[name]) for name in one}
  size = {name: np.linalg.norm(two[name]) for name in one}
  whole = np.linalg.norm([*gap.values()]) / np.linalg.norm([*size.values()])
  apart = {name: gap[name] / size[name] for name in gap if size[name]}
  worst = max(apart, key=apart.get)
  print(f'{layout} against {other}: {whole:.1e}; {worst} {apart[worst]:.1e}')
  assert whole < 1e-5
  # Rounding, which Adam makes much of where an array has next to no gradient;
  # in float64, see test_step.py, all arrays agree to 1e-10.
  assert apart[worst] < 1e-4


def test_the_same_figures(trained, tmp_path):
  boards = tmp_path / 'boards'
  make_pairs.make(boards, num_pairs=5, seed=0, size_px=320)
  lines = [*SAVED, *EVALUATED, f'eval.root={boards}']
  figures = {}
  for layout in LAYOUTS:
    out = tmp_path / f'{layout[0]}x{layout[1]}'
    with clusters.running(
      tmp_path / 'logs',
      *words('launch.evaluate', lines),
      layout=layout,
      workdir=trained[2, 2],
      out=out,
    ) as run:
      assert set(run.wait(400)) == {0}, run.text()[-2000:]
    figures[layout] = json.loads((out / 'metrics.json').read_text())
    assert figures[layout].pop('seconds_per_pair') > 0
  assert figures[1, 1]['official']['num_images'] == 5
  assert figures[1, 4] == figures[1, 1]
  assert figures[2, 2] == figures[1, 1]


@pytest.fixture(scope='module')
def interrupted(tmp_path_factory):
  """The folder of a run of two processes, killed after its first checkpoint."""
  folder = tmp_path_factory.mktemp('interrupted')
  with started(folder, folder / 'run', slow_s=0.2) as run:
    run.wait_for('^step 6')
    run.kill(0)
    run.wait()
  assert runs.newest_step(folder / 'run') >= 4
  return folder / 'run'


@pytest.mark.parametrize('layout', LAYOUTS[:2])
def test_a_checkpoint_goes_on_elsewhere(tmp_path, interrupted, layout):
  workdir, whole = tmp_path / 'run', tmp_path / 'whole.npz'
  finish(tmp_path, tmp_path / 'whole', layout=layout, state=whole)
  shutil.copytree(interrupted, workdir)
  finish(tmp_path, workdir, layout=layout, state=tmp_path / 'again.npz')
  one, two = np.load(whole), np.load(tmp_path / 'again.npz')
  assert one.files == two.files
  for name in one.files:
    np.testing.assert_allclose(one[name], two[name], rtol=2e-5, atol=1e-6)
