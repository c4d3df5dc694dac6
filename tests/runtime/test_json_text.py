"""Figures as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from zeroshot.runtime import json_text


def test_round_trip_of_all_that_figures_hold():
  figures = {
    'ap': np.float32(0.5),
    'count': np.int64(3),
    'interval': [float('nan'), 1.0],
    'pair': (0.25, None),
    'array': np.array([1.5, np.inf]),
    'groups': {'g': {'ok': True, 'note': 'a "word"'}},
  }
  assert json.loads(json_text.to_json(figures)) == {
    'ap': 0.5,
    'count': 3,
    'interval': [None, 1.0],
    'pair': [0.25, None],
    'array': [1.5, None],
    'groups': {'g': {'ok': True, 'note': 'a "word"'}},
  }


def test_no_digit_is_lost():
  value = 0.1 + 0.2
  assert json.loads(json_text.to_json({'a': value}))['a'] == value


def test_what_json_cannot_hold_is_refused():
  with pytest.raises(TypeError):
    json_text.to_json({'a': object()})
