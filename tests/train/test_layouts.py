"""The same run on other numbers of processes and devices."""

from __future__ import annotations

import json

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
  # The first 20 rates of configs/default.py, see test_the_same_parameters.
  'train.warmup_steps=19',
  'train.learning_rate=2.85e-4',
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
  folder, found = tmp_path_factory.mktemp('trained'), {}
  for layout in LAYOUTS:
    found[layout] = folder / f'{layout[0]}x{layout[1]}'
    with clusters.running(
      folder,
      *words('launch.train', SAVED),
      layout=layout,
      workdir=found[layout],
    ) as run:
      assert set(run.wait(400)) == {0}, run.text()[-2000:]
  return found


def parameters(workdir):
  return traverse_util.flatten_dict(runs.load_parameters(workdir)[0], sep='/')


@pytest.mark.parametrize(
  ('layout', 'other'), [((1, 4), (1, 1)), ((2, 2), (1, 1)), ((2, 2), (1, 4))]
)
def test_the_same_parameters(trained, layout, other):
  """Of all parameters, since Adam makes as much of a gradient as of its noise.

  Arrays whose gradient is next to nothing, as biases before a normalisation
  have, take steps of the learning rate in directions that rounding decides.
  """
  one, two = parameters(trained[layout]), parameters(trained[other])
  assert one.keys() == two.keys()
  gap = {name: np.abs(one[name] - two[name]) for name in one}
  largest = max(np.abs(value).max() for value in two.values())
  norms = [
    np.sqrt(sum(np.sum(np.square(value)) for value in values))
    for values in (gap.values(), two.values())
  ]
  worst = max(gap, key=lambda name: gap[name].max())
  print(
    f'{layout} against {other}: norm {norms[0] / norms[1]:.1e}, largest '
    f'{gap[worst].max() / largest:.1e} in {worst}'
  )
  assert norms[0] / norms[1] < 1e-5
  if layout[0] * layout[1] == other[0] * other[1]:  # the same shares
    for name, values in gap.items():
      assert values.max() <= 1e-5 * np.abs(two[name]).max()


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


@pytest.mark.parametrize('layout', LAYOUTS[:2])
def test_a_checkpoint_goes_on_elsewhere(tmp_path, layout):
  workdir, whole = tmp_path / 'run', tmp_path / 'whole.npz'
  finish(tmp_path, tmp_path / 'whole', layout=layout, state=whole)
  with started(tmp_path, workdir, slow_s=0.2) as run:
    run.wait_for('^step 6')
    run.kill(0)
    run.wait()
  assert runs.newest_step(workdir) >= 4
  finish(tmp_path, workdir, layout=layout, state=tmp_path / 'again.npz')
  one, two = np.load(whole), np.load(tmp_path / 'again.npz')
  assert one.files == two.files
  for name in one.files:
    np.testing.assert_allclose(one[name], two[name], rtol=2e-5, atol=1e-6)
