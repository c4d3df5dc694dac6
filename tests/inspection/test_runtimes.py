"""Which runtime inspects, and what it needs."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import zeroshot
from zeroshot.boards import pairs
from zeroshot.inspection import loading
from zeroshot.onnx_graph import model
from zeroshot.runtime import machine
from zeroshot.weights import files

HEAVY = {
  'clu',
  'flax',
  'gradio',
  'jax',
  'matplotlib',
  'ml_collections',
  'onnx',
  'optax',
  'orbax',
  'pandas',
  'sklearn',
  'tensorboardX',
}
INSPECTS = """
import sys
from zeroshot.commands import main
status = main.main(['inspect', *sys.argv[1:]])
print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))
sys.exit(status)
"""


def inspect(*arguments):
  """Inspects in a fresh process; returns its modules at the end."""
  environment = {k: v for k, v in os.environ.items() if k != 'JAX_PLATFORMS'}
  done = subprocess.run(
    [sys.executable, '-c', INSPECTS, *map(str, arguments)],
    capture_output=True,
    text=True,
    env={**environment, 'CUDA_VISIBLE_DEVICES': ''},
  )
  assert done.returncode == 1, done.stderr
  assert 'different' in done.stdout
  return set(done.stdout.splitlines()[-1].split())


@pytest.fixture(scope='module')
def pair(tmp_path_factory):
  return pairs.write_pair(tmp_path_factory.mktemp('pair'), size_px=192)


def test_inspection_on_a_cpu_imports_no_jax(pair):
  modules = inspect(*pair)
  assert 'onnxruntime' in modules
  assert modules & HEAVY == set()


def test_so_does_that_of_weights_without_an_onnx_file(pair, tmp_path):
  path = tmp_path / 'mine.safetensors'
  shutil.copy(files.find('procedural'), path)
  modules = inspect(*pair, f'--weights={path}')
  assert 'onnx' in modules
  assert modules & (HEAVY - {'onnx'}) == set()
  assert sorted(p.name for p in tmp_path.iterdir()) == ['mine.safetensors']


@pytest.mark.parametrize(
  'weights', ['default', 'deeppcb', 'photographs', 'procedural']
)
@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_all_runtimes_find_the_same_boxes(pair, weights, runtime):
  if runtime == 'openvino':
    pytest.importorskip('openvino')
  expected = zeroshot.Detector.load(weights, runtime='jax').inspect(*pair)
  found = zeroshot.Detector.load(weights, runtime=runtime).inspect(*pair)
  assert len(expected.boxes) >= 2
  assert found.verdict == expected.verdict
  assert [box.kind for box in found.boxes] == [
    box.kind for box in expected.boxes
  ]
  np.testing.assert_allclose(
    [box[:5] for box in found.boxes],
    [box[:5] for box in expected.boxes],
    atol=2e-3,
  )


def test_an_onnx_file_of_other_weights_is_told_and_not_used(tmp_path, caplog):
  path = tmp_path / 'mine.safetensors'
  weights = files.load('procedural')
  files.save(path, weights)
  assert model.write_beside(path) == tmp_path / 'mine.onnx'
  stale = (tmp_path / 'mine.onnx').read_bytes()
  assert loading.onnx_file(path, weights) == stale
  parameters = {**weights.parameters, 'sharpness_0': np.float32(1)}
  changed = weights._replace(parameters=parameters)
  assert caplog.text == ''
  with caplog.at_level(logging.WARNING):
    data = loading.onnx_file(path, changed)
  assert 'mine.onnx is not of the weights beside it' in caplog.text
  assert data == model.to_bytes(changed) != stale


@pytest.mark.parametrize(
  ('asked', 'message'),
  [
    (dict(runtime='tensorrt'), "'tensorrt'; give one of"),
    (dict(precision='f16', runtime='openvino'), "'f16'; give one of"),
    (dict(precision='bf16'), 'needs runtime=openvino; auto has f32 alone'),
    (dict(precision='bf16', runtime='jax'), 'jax has f32 alone'),
  ],
)
def test_what_is_not_to_be_had_is_refused(asked, message):
  with pytest.raises(ValueError, match=message):
    zeroshot.Detector.load('default', **asked)


def test_a_missing_openvino_is_named_with_its_extra(monkeypatch):
  monkeypatch.setitem(sys.modules, 'openvino', None)
  with pytest.raises(
    ValueError, match=r'pip install .zeroshot-inspection\[openvino\]'
  ):
    zeroshot.Detector.load('default', runtime='openvino')


def test_jax_is_chosen_where_it_finds_an_accelerator(monkeypatch):
  monkeypatch.setattr(machine, 'has_accelerator', lambda: True)
  assert loading.choose_runtime('auto') == 'jax'
  assert loading.choose_runtime('onnxruntime') == 'onnxruntime'
  monkeypatch.setattr(machine, 'has_accelerator', lambda: False)
  assert loading.choose_runtime('auto') == 'onnxruntime'


def test_openvino_sends_nothing_when_it_is_imported():
  pytest.importorskip('openvino')
  script = """
import os
forks = []
os.register_at_fork(before=lambda: forks.append(1))
from zeroshot.detect import onnx_sessions
onnx_sessions.import_openvino()
import threading
for thread in threading.enumerate():
  if thread is not threading.current_thread():
    thread.join(5)
assert not forks, 'a process was forked'
"""
  subprocess.run([sys.executable, '-c', script], check=True)
