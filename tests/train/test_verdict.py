"""From what was found to words: every cause, from figures made up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.train.replay_parts import finding
from zeroshot.train.replay import Outcome, Replayed
from zeroshot.train.verdict import verdict

GOOD = {'w': np.ones((2, 3), np.float32)}
FINE = Outcome(7, {'loss': 0.5, 'gradient_norm': 1.0}, '')
NAN = Outcome(7, {'loss': math.nan, 'gradient_norm': math.nan}, 'loss')
EARLIER = Outcome(
  5, {'loss': 2.0, 'parameter_norm': math.inf}, 'parameter_norm'
)
BAD = dict(loss=math.nan, faults=('the mask has 1 value that is not finite',))


def words(outcome=NAN, findings=(), *, params=GOOD, earlier=None, begun=4):
  return verdict(Replayed(outcome, earlier, params, begun), findings)


def test_the_guilty_example_is_the_only_one_told_of():
  lines = words(findings=[finding(0), finding(1, **BAD), finding(2)])
  assert lines == [
    'example 1 of update 7: the mask has 1 value that is not finite; not '
    'finite, alone: loss'
  ]


def test_one_without_a_fault_in_its_content_is_told_of_too():
  lines = words(findings=[finding(0), finding(1, gradient_norm=math.inf)])
  assert lines == [
    'example 1 of update 7: pictures and mask are in order; not finite, alone: '
    'gradient_norm'
  ]


def test_of_many_the_worst_are_named_and_the_rest_counted():
  lines = words(findings=[finding(i, **BAD) for i in range(10)])
  assert [line[:9] for line in lines[:8]] == [f'example {i}' for i in range(8)]
  assert lines[8:] == ['and 2 more, see replay.json']


def test_where_every_example_fails_none_is_accused():
  lines = words(findings=[finding(i, loss=math.nan) for i in range(3)])
  assert len(lines) == 1
  assert lines[0].startswith('every example of update 7: pictures, mask and ')
  assert 'loss are not finite' in lines[0]


def test_a_batch_that_is_bad_as_a_whole_alone():
  findings = [finding(0), finding(1, gradient_norm=3.0)]
  (line,) = words(findings=findings)
  assert line.startswith('no example is bad by itself; together they make ')
  assert 'loss nan' in line
  assert line.endswith("is example 1's: 3")


def test_odd_content_without_consequence_leaves_the_batch_to_blame():
  odd = finding(1, faults=('the test picture has 1 value beyond [0, 1]',))
  lines = words(findings=[finding(0), odd])
  assert lines[0].endswith('beyond [0, 1]; what comes of it is finite')
  assert lines[1].startswith('no example is bad by itself; together')


def test_the_optimizer_is_named_and_no_example():
  outcome = Outcome(
    7, {'loss': 1.0, 'parameter_norm': math.inf}, 'parameter_norm'
  )
  (line,) = words(outcome, [finding(0)])
  assert line.startswith('no example did it: the gradient of update 7 is fin')
  assert '(parameter_norm inf, loss 1)' in line  # the culprit first


def test_a_fine_update_is_said_to_be_fine():
  lines = words(FINE, [finding(0), finding(1, gradient_norm=2.0)])
  assert lines[0].startswith('update 7 is fine: loss 0.5, gradient_norm 1.')
  assert lines[1:] == [
    "the largest gradient norm of one alone is example 1's: 2"
  ]


@pytest.mark.parametrize(
  ('value', 'word'),
  [(math.nan, 'not finite (1 of 6)'), (1e25, 'too large (up to 1e+25)')],
)
def test_parameters_that_were_bad_before(value, word):
  params = {'w': np.array([[1, 2, value], [3, 4, 5]], np.float32)}
  findings = [finding(i, loss=math.nan) for i in range(2)]
  (line,) = words(findings=findings, params=params, earlier=EARLIER)
  assert line == (
    f'every example: the parameters before update 7 are {word} already: '
    'update 5 made them so (parameter_norm inf, loss 2): replay that one, '
    '--step=5'
  )


@pytest.mark.parametrize(
  ('begun', 'source'), [(4, 'the checkpoint of step 4'), (0, 'init_weights')]
)
def test_parameters_that_came_bad(begun, source):
  params = {'w': np.full((2,), np.inf, np.float32)}
  (line,) = words(findings=[finding(0)], params=params, begun=begun)
  assert source in line


def test_content_is_told_of_beside_parameters_that_were_bad():
  params = {'w': np.full((2,), np.nan, np.float32)}
  findings = [finding(0, loss=math.nan), finding(1, **BAD)]
  lines = words(findings=findings, params=params, earlier=EARLIER)
  assert lines[0].startswith('every example: the parameters before update 7')
  assert lines[1].startswith('example 1 of update 7: the mask has 1 value ')
  assert len(lines) == 2


def test_an_earlier_update_that_left_no_trace_is_told_of():
  lines = words(FINE, [finding(0)], earlier=EARLIER)
  assert lines[0].startswith('update 5 was not finite already (parameter_norm')
  assert lines[0].endswith('--step=5')
