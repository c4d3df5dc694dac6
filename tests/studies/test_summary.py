"""Summaries of metrics over runs."""

from __future__ import annotations

import math

import pytest

from zeroshot.studies import summary


def test_a_summary_of_two_values():
  result = summary.summarise([0.2, 0.6])
  assert result['mean'] == pytest.approx(0.4)
  assert result['std'] == pytest.approx(0.2 * math.sqrt(2))  # by n - 1
  assert (result['min'], result['max']) == (0.2, 0.6)
  assert result['values'] == [0.2, 0.6]


def test_a_single_value_has_no_deviation():
  result = summary.summarise([0.2])
  assert (result['mean'], result['min'], result['max']) == (0.2, 0.2, 0.2)
  assert math.isnan(result['std'])


def test_a_summary_of_nothing_is_undefined():
  result = summary.summarise([])
  assert result.pop('values') == []
  assert all(math.isnan(value) for value in result.values())


def test_an_undefined_value_is_not_left_out():
  result = summary.summarise([0.2, math.nan])
  assert math.isnan(result['mean'])


def test_metrics_are_read_by_name():
  content = dict(official=dict(ap=0.5, recall=None))
  keys = dict(ap='ap', recall='recall', other='ap_50')
  places = {name: ('official', key) for name, key in keys.items()}
  metrics = summary.read_metrics(content, places | dict(none=('x', 'ap')))
  assert metrics.pop('ap') == 0.5
  assert list(metrics) == ['recall', 'other', 'none']
  assert all(map(math.isnan, metrics.values()))
