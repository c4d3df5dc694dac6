"""Shards: how they are written, and how an ablation is dealt to them."""

from __future__ import annotations

import pytest

from tests.studies.ablation import ablation_crowd
from zeroshot.studies.ablation import shards as ablation_shards
from zeroshot.studies.ablation.shards import Shard


@pytest.mark.parametrize(
  ('text', 'shard'),
  [('all', (0, 1)), ('0/1', (0, 1)), ('0/8', (0, 8)), ('7/8', (7, 8))],
)
def test_what_is_legal_is_read(text, shard):
  assert ablation_shards.parse(text) == shard


@pytest.mark.parametrize(
  'text', ['', '/8', '8/8', '0/0', '-1/8', '1', '1/8/8', ' 0/8', '0.5/8', '٠/٨']
)
def test_what_is_not_is_refused_by_name(text):
  with pytest.raises(ValueError, match='i/n with 0 <= i < n') as caught:
    ablation_shards.parse(text)
  assert str(caught.value).startswith(f'--shard={text}: ')


@pytest.mark.parametrize('num_parts', [1, 2, 3, 6, 9])
def test_the_shards_are_a_partition(tmp_path, num_parts):
  wanted = ablation_shards.wanted(ablation_crowd.plan(tmp_path))
  assert len(wanted) == 14
  parts = [
    ablation_shards.deal(wanted, Shard(part, num_parts))
    for part in range(num_parts)
  ]
  dealt = [evaluation for part in parts for evaluation in part]
  assert sorted(e.folder for e in dealt) == sorted(e.folder for e in wanted)
  sources = [{evaluation.source for evaluation in part} for part in parts]
  assert sum(map(len, sources)) == len(set().union(*sources)) == 6
  sizes = [len(found) for found in sources]
  assert max(sizes) - min(sizes) <= 1
  for part in parts:
    assert part == [e for e in wanted if e in part]  # in the same order


def test_rows_that_are_not_wanted_are_not_dealt(tmp_path):
  wanted = ablation_shards.wanted(ablation_crowd.plan(tmp_path, ['bb', 'e']))
  shards = [ablation_shards.deal(wanted, Shard(part, 3)) for part in range(3)]
  rows = [[evaluation.row for evaluation in shard] for shard in shards]
  assert rows == [['bb', 'bb'], ['e', 'e'], ['e', 'e']]
