"""Sizes, signatures and examples: what every file of the tree keeps to.

The limits and what is counted stand in ``tests/codebase.py``;
``python -m tests.codebase`` lists all that is over one.
"""

from __future__ import annotations

import importlib

import pytest

from tests import codebase, conftest, examples

# The training loop is readable in one piece.
LONG_FUNCTIONS = {'zeroshot/train/loop.py:train': 120}
# A pure function whose parameters are the fields of a config.
WIDE_FUNCTIONS = {'zeroshot/synthesis/changes.py:change'}
# Of examples: values that the caller has, and what a function returns whose
# annotation is no class.
UNKNOWN = {
  'zeroshot.detect.detector': {'detect'},
  'zeroshot.detect.naming': {'namer'},
  'zeroshot.detect.score': {'score'},
  'zeroshot.detect.scorers': {'scorer.score', 'scorer.split'},
  'zeroshot.detect.onnx_sessions': {'run'},
  'zeroshot.experiments.pair_shards': {'to_bytes'},
  'zeroshot.export.network': {'exported.function'},
  'zeroshot.export.onnx_format': {'run'},
  'zeroshot.export.stablehlo_format': {
    'archive.read',
    'jax.export.deserialize',
    'run',
  },
  'zeroshot.inspection.detector': {
    'detector.inspect',
    'detector.inspect_many',
  },
  'zeroshot.inspection.result': {
    'detector.inspect',
    'inspection.to_dict',
    'inspection.overlay',
  },
  'zeroshot': {"zeroshot.Detector.load('default').inspect"},
  'zeroshot.losses': {'loss'},
  'zeroshot.report.figure': {'drawn.add_axes(area).plot', 'drawn.add_axes'},
  'zeroshot.runtime.atomic_files': {'partial.write_text'},
  'zeroshot.runtime.broadcast': {'file.read_bytes'},
  'zeroshot.runtime.progress': {'advance'},
  'zeroshot.synthesis.labelled': {'make'},
  'zeroshot.synthesis.pairs': {'synthesise'},
  'zeroshot.synthesis.suites': {'draw', "suites.SUITES['easier'].index"},
  'zeroshot.train.parallel': {'step'},
  'zeroshot.train.step': {'functools.partial', 'step'},
  'data_tools.importing': {'Path'},
  'zeroshot.train.update': {'update.step'},
  'zeroshot.train.writers': {'writer.scalars', 'writer.picture'},
}
MODULES = [
  '.'.join(file.relative_to(codebase.ROOT).with_suffix('').parts).removesuffix(
    '.__init__'
  )
  for file in codebase.python_files('zeroshot', 'data_tools')
]


def test_files_are_short():
  too_long = {name for _, name in codebase.long_files()}
  assert not too_long


def test_functions_are_short():
  too_long = {
    f.place
    for f in codebase.functions(*codebase.CODE)
    if f.lines > LONG_FUNCTIONS.get(f.place, codebase.MAX_FUNCTION_LINES)
  }
  assert not too_long


def test_functions_have_few_parameters():
  too_wide = {
    f.place
    for f in codebase.functions(*codebase.CODE)
    if f.parameters > codebase.MAX_PARAMETERS
  }
  assert too_wide == WIDE_FUNCTIONS


@pytest.mark.parametrize('name', MODULES)
def test_the_example_of_a_module_fits_its_signatures(name):
  unresolved = examples.check(importlib.import_module(name))
  assert set(unresolved) <= UNKNOWN.get(name, set())


def test_a_wrong_example_is_found():
  module = importlib.import_module('zeroshot.rng')
  for wrong in ('rng.stream_key(seed)', 'rng.stream_key(1, stream=2, of=3)'):
    module_like = type(module)('like', f'Text.\n\n  {wrong}\n')
    with pytest.raises(TypeError, match='stream_key'):
      examples.check(module_like)
  module_like = type(module)(
    'like', 'Text.\n\n  from zeroshot import rng\n  rng.no_such(1)\n'
  )
  with pytest.raises(AttributeError):
    examples.check(module_like)


def test_the_test_files_that_begin_first_are_there():
  missing = [f for f in conftest.LONGEST if not (codebase.ROOT / f).is_file()]
  assert not missing
