"""Errors of exported files; no optional package is needed here."""

from __future__ import annotations

import ast
import sys
import zipfile
from pathlib import Path

import pytest

import zeroshot
from zeroshot.commands import main
from zeroshot.detect import scorers
from zeroshot.export import description, metadata, runner, stablehlo_format
from zeroshot.weights import files

PACKAGE = Path(zeroshot.__file__).parent
RUNNER_NEEDS = {
  'numpy',
  'cv2',
  'scipy',
  'zeroshot',
}  # a runtime is imported on use


def described(name='procedural', **changes):
  weights = files.load(name)._replace(**changes)
  return description.describe(weights, name, height=192, width=256)


def test_metadata_survives_a_file():
  stored = described('deeppcb')
  assert metadata.from_json(metadata.to_json(stored), 'x') == stored
  assert (stored.height, stored.width, stored.stride_px) == (192, 256, 16)
  assert stored.outputs == ('scores', 'kinds', 'sides')
  assert stored.calibration['threshold'] == pytest.approx(0.3521, abs=1e-4)
  assert stored.detect['registration'] == 'homography'
  assert stored.versions['jax']


@pytest.mark.parametrize(
  ('text', 'message'),
  [
    (None, 'not written by zeroshot export'),
    ('[]', 'not written by zeroshot export'),
    ('{"format": 99}', 'format 99, this program reads 1'),
    ('{"format": 1, "kinds": []}', 'x.onnx is damaged'),
  ],
)
def test_what_is_no_metadata_of_ours_is_refused(text, message):
  with pytest.raises(ValueError, match=message):
    metadata.from_json(text, 'x.onnx')


def test_weights_without_a_threshold_are_refused():
  with pytest.raises(ValueError, match='calibrate the weights'):
    described(calibration=None)


@pytest.mark.parametrize(
  ('height', 'message'), [(200, 'such as 256'), (128, 'such as 192')]
)
def test_a_size_that_does_not_serve_is_refused(height, message):
  with pytest.raises(ValueError, match=message):
    description.describe(
      files.load('procedural'), 'd', height=height, width=192
    )


@pytest.mark.parametrize(
  ('content', 'message'),
  [(b'', 'no ONNX file'), (b'rubbish', 'no ONNX file'), (None, 'No such file')],
)
def test_what_is_no_file_of_ours_is_refused(tmp_path, content, message):
  pytest.importorskip('onnxruntime')
  path = tmp_path / 'part.onnx'
  if content is not None:
    path.write_bytes(content)
  with pytest.raises((ValueError, OSError), match=message):
    runner.Runner(path)


def test_a_file_without_a_setting_is_refused():
  stored = described()
  del stored.detect['registration']
  scorer = scorers.Scorer(lambda a, b: a[..., 0], stride_px=1)
  with pytest.raises(ValueError, match="lacks the setting 'registration'"):
    runner.build_detector(scorer, stored)


def test_another_archive_is_refused(tmp_path):
  path = tmp_path / 'part.zip'
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('else.txt', 'x')
  with pytest.raises(ValueError, match='not written by zeroshot export'):
    stablehlo_format.load(path)


@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    (['--format=onnx', '--out={}'], 'is a folder'),
    (['--format=onnx', '--out={}/no/x.onnx'], 'there is no folder'),
    (['--format=onnx', '--out={}/x.pyz'], 'the runner'),
    (['--format=onnx', '--out={}/x', '--size_px=big'], 'height x width'),
    (['--format=onnx', '--out={}/x', '--size_px=100'], 'multiple of 64'),
    (['--format=onnx', '--out={}/x', '--weights=none'], 'no weights file'),
  ],
)
def test_the_command_tells_mistakes(tmp_path, capsys, arguments, message):
  filled = [argument.format(tmp_path) for argument in arguments]
  assert main.main(['export', *filled]) == 2
  assert message in capsys.readouterr().err
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
  ('name', 'package', 'extra'),
  [
    ('onnx', 'onnx', 'pip install onnx'),
    ('stablehlo', 'flatbuffers', 'zeroshot-inspection[stablehlo]'),
  ],
)
def test_a_missing_package_is_named_with_its_extra(
  tmp_path, capsys, monkeypatch, name, package, extra
):
  monkeypatch.setitem(sys.modules, package, None)
  out = tmp_path / 'part.file'
  arguments = [f'--format={name}', f'--out={out}', '--size_px=192']
  assert main.main(['export', *arguments]) == 2
  errors = capsys.readouterr().err
  assert package in errors
  assert extra in errors
  assert list(tmp_path.iterdir()) == []


def imported_at_once(path):
  """Modules that a file imports as it is imported itself."""
  for node in ast.parse(path.read_text()).body:
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      yield node.module
      yield from (f'{node.module}.{alias.name}' for alias in node.names)


def test_the_runner_needs_numpy_scipy_and_opencv_alone():
  waiting, modules, packages = ['zeroshot.export.runner'], set(), set()
  while waiting:
    name = waiting.pop()
    packages.add(name.split('.')[0])
    path = PACKAGE.parent.joinpath(*name.split('.')).with_suffix('.py')
    if name in modules or not path.is_file():
      continue
    modules.add(name)
    waiting += imported_at_once(path)
  assert len(modules) > 15  # the walk reaches them
  assert packages - sys.stdlib_module_names <= RUNNER_NEEDS
