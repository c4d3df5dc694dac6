"""The table of ablations, from metrics made by hand."""

from __future__ import annotations

import math

import pytest

from tests.studies.ablation.ablation_parts import metrics
from zeroshot.studies import summary
from zeroshot.studies.ablation import table
from zeroshot.studies.ablation.records import Result


def build(results, **changed):
  fields = dict(about='a | b', seeds=(0, 1), commands=dict(train='x'))
  by_seed = {
    view: {
      seed: Result(content, 2.0 + seed, ('ba'[seed],))
      for seed, content in enumerate(contents)
    }
    for view, contents in results.items()
  }
  return table.build_row('name', results=by_seed, **fields | changed)


def render(rows, metrics=('ap_75', 'synthetic_pixel_ap')):
  columns = table.columns_of(list(rows[0]['views']), metrics)
  return table.to_markdown(rows, columns=columns, title='T', caption='C')


def cells(*rows):
  """The table's cells as rendered, without its head."""
  text = render(rows)
  lines = [line for line in text.splitlines() if line.startswith('| `')]
  return [[cell.strip() for cell in line[1:-1].split(' | ')] for line in lines]


def test_metrics_are_read_by_name():
  values = summary.read_metrics(metrics(0.9), table.METRICS)
  for name in ('recall', 'official_6_ap', 'as_published_ap'):
    assert math.isnan(values.pop(name))
  assert values == dict(
    ap=0.9,
    ap_50=0.6,
    ap_75=0.3,
    precision=0.7,
    shrunk_ap=0.4,
    synthetic_pixel_ap=0.5,
  )


def test_metrics_that_were_not_measured_are_undefined():
  values = summary.read_metrics(metrics(0.9, pixel_ap=None), table.METRICS)
  assert math.isnan(values['synthetic_pixel_ap'])


def test_a_finished_row():
  row = build(
    dict(aligned=[metrics(0.8), metrics(0.9)], moved=[metrics(0.5)] * 2),
  )
  assert row['status'] == 'done'
  assert row['num_finished'] == 2
  assert row['commits'] == ['a', 'b']
  assert row['train_minutes'] == 2.5
  assert row['views']['aligned']['ap']['mean'] == pytest.approx(0.85)
  assert row['views']['moved']['ap']['values'] == [0.5, 0.5]
  assert cells(row) == [
    ['`name`', 'a \\| b', '2', '0.8500 ± 0.0707', '0.5000 ± 0.0000']
    + ['0.3000 ± 0.0000', '0.5000 ± 0.0000', '2.5']
  ]


def test_a_single_seed_shows_no_deviation():
  row = build(dict(aligned=[metrics(0.8, pixel_ap=None)]), seeds=(4,))
  assert row['status'] == 'done'
  assert cells(row)[0][2:] == ['1', '0.8000', '0.3000', '-', '2.0']


def test_a_pending_row():
  row = build(dict(aligned=[], moved=[]))
  assert (row['status'], row['num_finished']) == ('pending', 0)
  assert cells(row)[0][2:] == ['0 of 2', 'pending', 'pending', '-', '-', '-']


def test_a_row_with_one_seed_and_view_finished_is_pending():
  row = build(dict(aligned=[metrics(0.8)], moved=[]))
  assert (row['status'], row['num_finished']) == ('pending', 0)
  assert cells(row)[0][2:5] == ['0 of 2', '0.8000', 'pending']


def test_a_failed_row_is_listed():
  failure = dict(seed=1, view='aligned', message='error: why', log='logs/x')
  row = build(dict(aligned=[], moved=[]), failures=[failure])
  assert row['status'] == 'failed'
  assert cells(row)[0][3] == 'failed'
  text = render([row])
  assert '- name, seed 1, aligned: error: why (log: logs/x)' in text
  done = build(dict(aligned=[metrics(0.8)] * 2, moved=[metrics(0.8)] * 2))
  text = render([done])
  assert 'Failed' not in text


def test_the_table_is_markdown():
  row = build(dict(aligned=[], moved=[]))
  text = render([row, row])
  lines = text.splitlines()
  assert lines[0] == '# T'
  assert lines[-1] == 'C'
  head, rule, *body = (line for line in lines if line.startswith('|'))
  assert 'AP aligned | AP moved | AP at IoU 0.75' in head
  assert rule.count('---') == head.count('|') - 1
  assert [line.count(' | ') for line in body] == [head.count(' | ')] * 2


def test_other_columns_are_shown_as_asked_for():
  row = build(dict(aligned=[metrics(0.8)], moved=[metrics(0.5)]), seeds=(0,))
  lines = render([row], ['shrunk_ap', 'ap_50']).splitlines()
  head, _, body = (line for line in lines if line.startswith('|'))
  assert 'AP moved | shrunk AP | AP at IoU 0.50 | minutes' in head
  assert '0.5000 | 0.4000 | 0.6000 | 2.0' in body
  assert 'ap | moved' not in head.lower()


@pytest.mark.parametrize(
  ('metrics', 'message'),
  [
    (['ap_33'], r'columns: there is no ap_33; the metrics are ap_50, ap_75'),
    (['ap_50', 'ap_50'], 'columns: ap_50 is there twice'),
  ],
)
def test_columns_that_do_not_exist_are_named(metrics, message):
  with pytest.raises(ValueError, match=message):
    table.columns_of(['aligned'], metrics)
