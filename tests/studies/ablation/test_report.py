"""The table of an ablation, written from what is on disk."""

from __future__ import annotations

import json
import threading

from tests.studies.ablation import ablation_crowd
from tests.studies.ablation.ablation_parts import metrics
from zeroshot.runtime import atomic_files, locks
from zeroshot.studies.ablation import records, report


def test_a_table_is_of_what_is_there_once_no_other_is_written(tmp_path):
  """What was seen before another's turn must not replace what it wrote."""
  plan, header = ablation_crowd.plan(tmp_path), ablation_crowd.HEADER
  writer = threading.Thread(
    target=report.write,
    args=(plan,),
    kwargs=dict(workdir=tmp_path, header=header),
  )
  with locks.hold(tmp_path / 'table.lock'):
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    assert not (tmp_path / 'table.json').exists()
    for evaluation in plan.rows[0].evaluations:
      path = records.metrics_file(evaluation)
      atomic_files.write_json(path, metrics(0.5))
      records.note_result(evaluation, commit='x')
  writer.join()
  rows = json.loads((tmp_path / 'table.json').read_text())['rows']
  assert [row['status'] for row in rows] == ['done'] + ['pending'] * 4


def test_a_fault_of_other_settings_is_none(tmp_path):
  evaluation = ablation_crowd.plan(tmp_path).rows[0].evaluations[0]
  log = tmp_path / 'log'
  records.note_fault(evaluation, records.Fault('m', log))
  found = records.why_not(evaluation)
  assert (found.message, found.log) == ('m', log)
  changed = evaluation._replace(settings=dict(detect='other'))
  assert records.why_not(changed) is None


def test_faults_that_read_alike_are_told_apart(tmp_path):
  evaluation = ablation_crowd.plan(tmp_path).rows[0].evaluations[0]
  fault, found = records.Fault('m', tmp_path / 'log'), set()
  for _ in range(2):
    records.note_fault(evaluation, fault)
    found.add(records.find_fault(evaluation))
  assert len(found) == 2
