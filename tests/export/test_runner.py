"""The runner inspects as the package does, with few dependencies."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import zeroshot
from zeroshot.data import pictures
from zeroshot.export import runner

pytestmark = pytest.mark.slow

# Runs the archive where nothing but what it may need can be imported.
ALONE = """
import runpy, sys

RUNTIME = {'numpy', 'scipy', 'cv2', 'onnxruntime'}
ALLOWED = RUNTIME | {'zeroshot', '__main__', *sys.stdlib_module_names}
# NumPy, SciPy and ONNX Runtime ask for these, and do without.
OPTIONAL = {'PIL', 'onnx', 'sympy', 'coloredlogs', 'pandas', 'org'}
OPTIONAL |= {'cython', 'charset_normalizer', 'uarray'}

class Wall:
  def find_spec(self, name, path=None, target=None):
    top = name.split('.')[0]
    if top in ALLOWED or top.startswith('_sysconfigdata'):
      return None
    if top not in OPTIONAL:
      print('WALL', name, file=sys.stderr)
    raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Wall())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def run_alone(folder, *arguments):
  """Starts the runner far from the clone; returns what it did."""
  return subprocess.run(
    [sys.executable, '-I', '-c', ALONE, 'part.pyz', *map(str, arguments)],
    cwd=folder,
    capture_output=True,
    text=True,
  )


def test_alone_it_prints_what_the_package_finds(
  onnx_file, drawn_pair, tmp_path
):
  paths = [tmp_path / 'good.png', tmp_path / 'part 7.png']
  for path, picture in zip(paths, drawn_pair, strict=True):
    pictures.write_picture(path, picture)
  done = run_alone(onnx_file.parent, 'part.model', *paths)
  assert done.returncode == 1, done.stderr
  assert 'WALL' not in done.stderr
  printed = json.loads(done.stdout)
  expected = zeroshot.Detector.load('deeppcb').inspect(*paths).to_dict()
  assert list(printed) == list(expected)
  assert agree(printed, expected)
  assert len(printed['boxes']) >= 3

  same = run_alone(onnx_file.parent, 'part.model', paths[0], paths[0])
  assert same.returncode == 0, same.stderr
  assert json.loads(same.stdout)['verdict'] == 'same'


def test_alone_it_says_in_one_line_what_is_wrong(onnx_file):
  done = run_alone(onnx_file.parent, 'part.model', 'no.png', 'neither.png')
  assert done.returncode == 2
  assert done.stdout == ''
  assert 'no.png' in done.stderr
  assert len(done.stderr.splitlines()) == 1


def test_stablehlo_finds_the_same(stablehlo_runner, onnx_runner, drawn_pair):
  inspection, other = (
    inspect(*drawn_pair).to_dict()
    for inspect in (stablehlo_runner, onnx_runner)
  )
  assert agree(inspection, other)


def test_real_pairs_get_the_same_boxes(onnx_runner, shared):
  detector = zeroshot.Detector.load('deeppcb')
  root = shared / 'deeppcb' / 'PCBData'
  boxes = []
  for path in sorted(root.glob('group*/*/*_temp.jpg'))[::200]:
    test = path.with_name(path.name.replace('_temp', '_test'))
    pair = [
      picture[:192, 100:292] for picture in pictures.read_pair(path, test)
    ]
    inspection = detector.inspect(*pair).to_dict()
    assert agree(onnx_runner(*pair).to_dict(), inspection)
    boxes.append(len(inspection['boxes']))
  assert len(boxes) >= 3
  assert sum(boxes) >= 3


def test_a_threshold_given_counts(onnx_file, drawn_pair):
  inspection = runner.Runner(onnx_file, threshold=1.0)(*drawn_pair)
  assert inspection.threshold == 1.0
  assert inspection.verdict == 'same'


def agree(inspection, other):
  """Whether two pairs of boxes are one, to a tenth of a pixel."""
  boxes = [d['boxes'] for d in (inspection, other)]
  corners = [
    np.array([[b[side] for side in ('x1', 'y1', 'x2', 'y2')] for b in side])
    for side in boxes
  ]
  return (
    inspection['verdict'] == other['verdict']
    and inspection['registration'] == other['registration']
    and [b['kind'] for b in boxes[0]] == [b['kind'] for b in boxes[1]]
    and np.allclose(corners[0], corners[1], atol=0.11)
    and np.allclose(
      [b['confidence'] for b in boxes[0]],
      [b['confidence'] for b in boxes[1]],
      atol=1e-3,
    )
  )
