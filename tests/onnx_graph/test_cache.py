"""The ONNX files of shipped weights are built once, and only for those."""

from __future__ import annotations

import pytest

from tests.onnx_graph import parts
from zeroshot.inspection import loading
from zeroshot.onnx_graph import cache, model
from zeroshot.weights import files


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  return tmp_path / 'zeroshot' / 'onnx'


@pytest.mark.parametrize(
  'name', sorted(f.stem for f in files.SHIPPED.glob('*.safetensors'))
)
def test_shipped_weights_are_built_once(home, monkeypatch, name):
  weights = files.load(name)
  data = loading.onnx_file(name, weights)
  assert [file.read_bytes() for file in home.iterdir()] == [data]
  assert model.belongs(data, weights)
  monkeypatch.setattr(model, 'to_bytes', None)
  assert loading.onnx_file(name, weights) == data


def test_a_damaged_file_is_built_again(home):
  weights = parts.weights()
  data = cache.to_bytes(weights)
  (file,) = home.iterdir()
  file.write_bytes(b'')
  assert cache.to_bytes(weights) == data == file.read_bytes()


def test_a_file_of_other_code_is_not_taken(home, monkeypatch, tmp_path):
  before = cache.path_of(parts.weights())
  monkeypatch.setattr(cache, '__file__', str(tmp_path / 'cache.py'))
  assert cache.path_of(parts.weights()) != before


def test_without_a_cache_it_is_built_each_time(monkeypatch, tmp_path):
  (tmp_path / 'file').touch()
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
  weights = parts.weights()
  assert cache.to_bytes(weights) == model.to_bytes(weights)


def test_other_weights_leave_no_file(home, tmp_path):
  files.save(tmp_path / 'mine.safetensors', parts.weights())
  weights = files.load(tmp_path / 'mine.safetensors')
  assert loading.onnx_file(tmp_path / 'mine.safetensors', weights)
  assert not home.exists()
