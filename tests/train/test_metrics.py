from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from zeroshot.train import metrics


def collections(*losses):
  """One collection for each list of the losses of two replicas."""
  gather = jax.vmap(
    lambda dice, loss: metrics.gather(
      {'dice': dice, 'loss': loss}, axis_name='batch'
    ),
    axis_name='batch',
    out_axes=None,
  )
  return [
    jax.device_get(gather(jnp.array(pair), 2 * jnp.array(pair)))
    for pair in losses
  ]


def test_averages_over_replicas_and_updates():
  values = metrics.summarize(collections([1.0, 3.0], [5.0, 7.0]))
  assert values == {'dice': 4.0, 'loss': 8.0}


def test_one_update_is_its_own_average():
  assert metrics.summarize(collections([1.0, 2.0]))['dice'] == 1.5


def test_finite_values_have_no_fault():
  assert metrics.first_non_finite(collections([1.0, 2.0], [0.0, 0.0])) is None


@pytest.mark.parametrize('bad', [float('nan'), float('inf'), -float('inf')])
def test_the_first_fault_is_named_exactly(bad):
  fault = metrics.first_non_finite(
    collections([1.0, 2.0], [1.0, bad], [bad, bad])
  )
  assert (fault.position, fault.name) == (1, 'dice')
  assert str(fault.value) == str(bad)


def test_the_same_names_make_the_same_type():
  assert metrics.collection_type(('a',)) is metrics.collection_type(('a',))
