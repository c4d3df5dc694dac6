"""Figures rendered by matplotlib, which is imported when it is needed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from zeroshot.report import figure

FILES = sorted(Path(figure.__file__).parent.glob('*.py'))


def test_a_figure_is_an_image_of_its_size():
  image = figure.render((2, 1), lambda drawn: drawn.set_facecolor('r'))
  assert (image.shape, image.dtype) == ((100, 200, 3), 'float32')
  assert (image == [1, 0, 0]).all()


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.stem)
def test_importing_a_report_does_not_import_matplotlib(file):
  for node in ast.parse(file.read_text()).body:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
      assert 'matplotlib' not in ast.unparse(node)
