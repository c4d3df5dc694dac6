"""Faults: one is reported unchanged, many in one line of bounded length."""

from __future__ import annotations

import pytest

from zeroshot.data import faults


def test_none_is_well():
  faults.refuse([])


def test_one_is_told_as_it_is():
  with pytest.raises(ValueError, match=r'^a\.png: empty$'):
    faults.refuse(['a.png: empty'])


@pytest.mark.parametrize(
  ('count', 'end'), [(20, '; f19'), (23, '; and 3 more')]
)
def test_the_first_twenty_are_told(count, end):
  with pytest.raises(ValueError, match=f'^{count} faults: f0; f1; ') as caught:
    faults.refuse([f'f{index}' for index in range(count)])
  message = str(caught.value)
  assert message.endswith(end)
  assert 'f19' in message
  assert 'f20' not in message
