"""Exchanges between devices, read from text and from real programs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from launch import collectives

TEXT = """
  %sum = f32[] add(%a, %b)
  %all-reduce.1 = (f32[3,3,16]{2,1,0}, f32[]) all-reduce(%x, %y), channel_id=1, replica_groups={{0,1,2,3}}, to_apply=%add
  ROOT %g = s32[8]{0} all-gather(%c), replica_groups=[2,4]<=[8], dimensions={0}
  %r = (bf16[2]{0}, pred[5]{0}, /*index=5*/f64[]) reduce-scatter(%z), replica_groups={{0,1},{2,3}}
  %e = f32[3] get-tuple-element(%all-reduce.1), index=0
  %f = f32[4] fusion(%all-gather), calls=%all-reduce
"""  # noqa: E501


def test_text_by_hand():
  found = collectives.list_collectives(TEXT)
  assert found == [
    ('all-reduce', 2, 4 * (3 * 3 * 16 + 1), 4),
    ('all-gather', 1, 4 * 8 // 4, 4),
    ('reduce-scatter', 3, 2 * (2 * 2 + 5 + 8), 2),
  ]
  assert collectives.summarise(found) == {
    'all-reduce': dict(count=1, arrays=2, bytes=580, largest_bytes=580),
    'all-gather': dict(count=1, arrays=1, bytes=8, largest_bytes=8),
    'reduce-scatter': dict(count=1, arrays=3, bytes=34, largest_bytes=34),
  }


def test_a_program_without_any():
  assert collectives.list_collectives('%a = f32[] add(%b, %c)') == []
  assert collectives.summarise([]) == {}


def test_a_program_of_an_accelerator_is_refused():
  text = '%a = f32[8]{0} all-reduce-start(%b), replica_groups={{0,1}}'
  with pytest.raises(ValueError, match='JAX_PLATFORMS=cpu'):
    collectives.list_collectives(text)


@pytest.mark.parametrize(
  'groups',
  [
    '{{0,1,2,3},{4,5,6,7}}',
    '[2,4]<=[8]',
    "mesh['a'=2,'b'=4] {'b'}",
    "mesh['a'=2,'b'=2,'c'=2] {'b','c'}",
  ],
)
def test_every_way_to_write_groups(groups):
  text = f'%a = f32[8]{{0}} all-gather(%b), replica_groups={groups}, x={{0}}'
  (found,) = collectives.list_collectives(text)
  assert (found.group, found.num_bytes) == (4, 8)


@pytest.mark.parametrize('num_devices', [2, 4])
def test_real_programs(num_devices):
  def exchange(x):
    total = jax.lax.psum((x, jnp.sum(x)), 'i')
    return total, jax.lax.all_gather(x * 2, 'i')

  mapped = jax.pmap(
    exchange, axis_name='i', devices=jax.devices()[:num_devices]
  )
  text = mapped.lower(np.ones((num_devices, 6), np.float32)).compile().as_text()
  figures = collectives.summarise(collectives.list_collectives(text))
  assert {kind: some['bytes'] for kind, some in figures.items()} == {
    'all-reduce': 4 * (6 + 1),
    'all-gather': 4 * 6,
  }
