"""One exported file of each format for all tests: a conversion takes long."""

from __future__ import annotations

import pytest

from zeroshot.commands import main
from zeroshot.export import runner

SIZE_PX = 192  # the least that leaves room for the tiles' overlap


@pytest.fixture(scope='session')
def onnx_file(tmp_path_factory):
  """Of ``deeppcb``, which is ``default`` with a head: all that can be put in.

  It was written by the command; its runner stands beside it.
  """
  return exported(tmp_path_factory, 'onnx')


@pytest.fixture(scope='session')
def onnx_runner(onnx_file):
  return runner.Runner(onnx_file)


@pytest.fixture(scope='session')
def stablehlo_runner(tmp_path_factory):
  return runner.Runner(exported(tmp_path_factory, 'stablehlo'))


def exported(factory, name):
  if name == 'stablehlo':
    pytest.importorskip('flatbuffers')
  out = factory.mktemp(name) / 'part.model'
  status = main.main(
    [
      'export',
      '--weights=deeppcb',
      f'--format={name}',
      f'--out={out}',
      f'--size_px={SIZE_PX}',
    ]
  )
  assert status == 0
  assert sorted(p.name for p in out.parent.iterdir()) == [
    'part.model',
    'part.pyz',
  ]
  return out


@pytest.fixture(scope='session')
def drawn_pair():
  """A board and one with defects, images ``[192, 192, 3]``."""
  import numpy as np

  from zeroshot.boards import defects, painter
  from zeroshot.data import deeppcb

  rng = np.random.default_rng(3)
  board = painter.draw(rng, size_px=SIZE_PX)
  copper, _ = defects.add(rng, board, kinds=deeppcb.KINDS[:4])
  pair = (
    painter.photograph(rng, board.copper, shift_px=1.0),
    painter.photograph(rng, copper, shift_px=0.0),
  )
  return tuple(np.repeat(picture[..., None], 3, axis=2) for picture in pair)
