"""Which example made an update non-finite: diagnostics, verdict, files."""

from __future__ import annotations

import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.train import toy
from tests.train.toy import SPOILED_EXAMPLE, SPOILED_UPDATE
from zeroshot import rng
from zeroshot.data import pictures
from zeroshot.train import nonfinite_report, replay, samples
from zeroshot.train.nonfinite_report import Diagnostics, explain
from zeroshot.train.replay import Replayed, UpdateMetrics

SETTINGS = dict(steps=12, batch_size=8)


@pytest.fixture(scope='module')
def params():
  picture = jnp.zeros((1, toy.SIZE, toy.SIZE, 3))
  return toy.Net().init(jax.random.key(0), picture, picture)['params']


def draw(synthesise=toy.synthesise):
  """Three examples that can be written to."""
  keys = rng.example_keys(0, 'pairs', 0, first=0, count=3)
  return jax.tree.map(np.array, synthesise(keys))


def diagnose(params, pair, **changes):
  return nonfinite_report.per_example_diagnostics(
    params, pair, toy.task(**changes)
  )


def test_each_example_is_measured_as_a_batch_of_one(params):
  pair = draw()
  examples = diagnose(params, pair)
  assert [one.index for one in examples] == [0, 1, 2]
  for one in examples:
    single = jax.tree.map(lambda x, at=one.index: x[at : at + 1], pair)

    def objective(params, single=single):
      prediction = toy.Net().apply({'params': params}, *single[:2])
      return toy.loss(prediction, single.mask)[0]

    value, gradient = jax.value_and_grad(objective)(params)
    squares = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(gradient))
    np.testing.assert_allclose(one.terms['loss'], value, rtol=1e-5)
    np.testing.assert_allclose(one.gradient_norm, squares**0.5, rtol=1e-4)
    assert list(one.terms) == ['dice', 'square', 'loss']
    assert one.scores.shape == (toy.SIZE, toy.SIZE)
    assert (one.not_finite, one.faults) == ((), ())
    assert all(one.finite.values())


def test_a_value_that_is_not_finite_affects_no_other_example(params):
  pair = draw()
  pair.reference[1, 0, 0, 0] = np.inf
  examples = diagnose(params, pair)
  assert examples[1].faults == ('1 value(s) of reference are not finite',)
  assert not examples[1].finite['reference']
  assert examples[1].finite['test']
  assert examples[1].not_finite[0] == 'prediction'
  assert [bool(one.not_finite) for one in examples] == [False, True, False]


def test_values_out_of_range_are_counted_unless_by_rounding(params):
  pair = draw()
  pair.test[2, 0, 0] = (1.5, -7.0, 1.0005)
  pair.mask[0, 0, 0] = 3
  examples = diagnose(params, pair)
  assert examples[2].faults == (
    '2 value(s) of test are beyond [0, 1], such as -7',
  )
  assert examples[0].faults == (
    '1 value(s) of mask are beyond [0, 1], such as 3',
  )
  assert not any(one.not_finite for one in examples)


def test_labels_are_checked_too(params):
  pair = draw(toy.labelled_synthesise)
  pair.labels.weight[0, 0, 0] = np.nan
  examples = diagnose(params, pair, loss=toy.labelled_loss)
  assert examples[0].faults == ('1 value(s) of weight are not finite',)
  assert not examples[0].finite['weight']
  assert examples[0].not_finite
  assert not examples[1].faults


def example(index, *, loss=0.5, gradient_norm=1.0, faults=(), **finite):
  """Diagnostics of an example, by default without faults."""
  return Diagnostics(
    index=index,
    finite={'test': True, 'prediction': True, **finite},
    faults=faults,
    terms={'loss': loss},
    gradient_norm=gradient_norm,
    scores=np.zeros((2, 2), np.float32),
  )


def test_the_worst_rank_first():
  worst_first = [
    example(5, gradient_norm=math.inf, faults=('odd',)),
    example(1, gradient_norm=math.inf),
    example(4, gradient_norm=0.1, faults=('odd',)),
    example(0, gradient_norm=3.0),
    example(2, gradient_norm=2.0),
  ]
  shuffled = sorted(worst_first, key=lambda one: one.index)
  assert sorted(shuffled, key=lambda one: one.rank) == worst_first


# --- From figures to words ----------------------------------------------------

PARAMS = {'w': np.ones((2, 3), np.float32)}
FINE = UpdateMetrics(7, {'loss': 0.5, 'gradient_norm': 1.0}, '')
NAN = UpdateMetrics(7, {'loss': math.nan, 'gradient_norm': math.nan}, 'loss')
BURST = UpdateMetrics(
  7, {'loss': 1.0, 'parameter_norm': math.inf}, 'parameter_norm'
)
BAD = dict(loss=math.nan, faults=('1 value(s) of mask are not finite',))


def words(*examples, metrics=NAN, params=PARAMS, earlier=None, start=4):
  return explain(Replayed(metrics, earlier, params, start), examples)


def test_the_guilty_example_alone_is_named():
  assert words(example(0), example(1, **BAD), example(2)) == [
    'example 1 of update 7: 1 value(s) of mask are not finite; not finite, by '
    'itself: loss'
  ]


def test_an_example_of_valid_pictures_is_named_too():
  assert words(example(0), example(1, gradient_norm=math.inf)) == [
    'example 1 of update 7: pictures and mask are valid; not finite, by '
    'itself: gradient_norm'
  ]


def test_of_many_the_worst_are_named_and_the_rest_counted():
  lines = words(*(example(index, **BAD) for index in range(10)))
  assert [line[:9] for line in lines[:8]] == [f'example {i}' for i in range(8)]
  assert lines[8:] == ['and 2 more, see replay.json']


def test_a_batch_that_is_not_finite_as_a_whole_alone():
  odd = example(1, gradient_norm=3.0, faults=('odd',))
  first, second = words(example(0), odd)
  assert first.endswith('odd; not finite, by itself: nothing')
  assert second.startswith('every example is finite by itself; together they ')
  assert 'loss nan' in second
  assert second.endswith('norm, 3, is that of example 1')


def test_the_optimizer_is_named_and_no_example():
  (line,) = words(example(0), metrics=BURST)
  assert line.startswith('the gradient of update 7 is finite and the step of ')
  assert '(parameter_norm inf, loss 1)' in line  # the culprit first


def test_an_update_that_is_finite():
  (line,) = words(example(0), metrics=FINE)
  assert line.startswith('update 7 is finite: loss 0.5, gradient_norm 1.')


def test_an_earlier_update_is_named_and_no_example():
  earlier = BURST._replace(update=5)
  assert words(example(0, **BAD), earlier=earlier) == [
    'update 5 was not finite already (parameter_norm inf, loss 1): replay that '
    'one, --step=5'
  ]


@pytest.mark.parametrize(
  ('start', 'source'), [(4, 'step 4, where'), (0, 'init_weights')]
)
def test_parameters_that_were_not_finite_at_the_start(start, source):
  params = {'w': np.full((2,), np.inf, np.float32)}
  (line,) = words(example(0, **BAD), params=params, start=start)
  assert source in line


# --- A whole run --------------------------------------------------------------


def replay_step(tmp_path, step, *, devices=None, task=None, **settings):
  """Replays from the start and writes the report; returns its JSON."""
  config = toy.config(**{**SETTINGS, **settings})
  task = task or toy.task()
  again = replay.replay_update(config, task, None, step=step, devices=devices)
  pair = replay.draw_batch(config, task, step=step, devices=devices)
  examples = nonfinite_report.per_example_diagnostics(again.params, pair, task)
  nonfinite_report.write_report(tmp_path, again, pair, examples)

  def refuse(word):
    raise AssertionError(word)

  text = (tmp_path / 'replay.json').read_text()
  return json.loads(text, parse_constant=refuse)  # JSON has no NaN


@pytest.mark.parametrize('num_devices', [1, 4])
def test_the_example_with_a_nan_is_named_and_drawn_first(tmp_path, num_devices):
  task = toy.task(synthesise=toy.spoil(jnp.nan))
  devices = jax.devices()[:num_devices]
  report = replay_step(tmp_path, SPOILED_UPDATE, task=task, devices=devices)
  assert report['verdict'] == [
    'example 5 of update 7: 12 value(s) of test are not finite; not finite, by '
    'itself: prediction, dice, square, loss, gradient_norm'
  ]
  assert (report['step'], report['checkpoint_step']) == (SPOILED_UPDATE, 0)
  assert report['earlier'] is None
  assert report['layout'] == {'platform': 'cpu', 'processes': 1, 'devices': 4}
  assert report['update']['loss'] == 'nan'
  assert [one['index'] for one in report['examples']] == list(range(8))
  bad = report['examples'][SPOILED_EXAMPLE]
  assert bad['terms'] == dict.fromkeys(('dice', 'square', 'loss'), 'nan')
  assert bad['gradient_norm'] == 'nan'
  assert bad['finite'] == {
    'reference': True,
    'test': False,
    'mask': True,
    'prediction': False,
  }
  assert report['examples'][0]['gradient_norm'] > 0
  sheet = np.rint(255 * pictures.read_picture(tmp_path / 'worst.png'))
  is_marked = (sheet == samples.NOT_FINITE_COLOUR).all(-1)
  assert is_marked[: toy.SIZE + 4].any()
  assert not is_marked[toy.SIZE + 4 :].any()


def test_an_example_whose_gradient_alone_is_infinite_is_named(tmp_path):
  def linear_loss(prediction, mask, labels=None, **across):
    """Cross-entropy, whose gradient does not vanish for huge logits."""
    del labels, across
    loss = optax.sigmoid_binary_cross_entropy(prediction.logits, 1 - mask)
    return jnp.mean(loss), {'cross': jnp.mean(loss)}

  task = toy.task(synthesise=toy.spoil(1e22), loss=linear_loss)
  report = replay_step(tmp_path, SPOILED_UPDATE, task=task)
  assert report['verdict'] == [
    'example 5 of update 7: 12 value(s) of test are beyond [0, 1], such as '
    '1e+22; not finite, by itself: gradient_norm'
  ]


def test_an_optimizer_step_that_overflows_is_named(tmp_path):
  settings = dict(learning_rate=1e30, warmup_steps=0)
  (line,) = replay_step(tmp_path, 1, **settings)['verdict']
  assert line.startswith('the gradient of update 1 is finite and the step of ')
  assert 'learning_rate 1e+30' in line
  (line,) = replay_step(tmp_path, 5, **settings)['verdict']
  assert line.startswith('update 1 was not finite already (parameter_norm inf')
