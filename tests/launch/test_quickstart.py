"""The quickstart's own parts; tests/test_readme.py runs the whole of it."""

from __future__ import annotations

import json
import sys

import pytest

from launch import quickstart

FIGURES = {
  'ap': 0.91234,
  'precision': 0.5,
  'recall': 1.0,
  'f_score': float('nan'),
  'num_images': 12,
  'num_ground_truth': 70,
}


def write_metrics(folder):
  metrics = dict.fromkeys(quickstart.PROTOCOLS, FIGURES)
  folder.mkdir()
  (folder / 'metrics.json').write_text(
    json.dumps({**metrics, 'step': 150, 'seconds_per_pair': 0.25})
  )


def test_table_has_a_line_for_each_protocol(tmp_path):
  write_metrics(tmp_path / 'evaluation-x')
  head, names, *rows = quickstart.table(tmp_path / 'evaluation-x').splitlines()
  assert '12 pairs' in head
  assert '70 defects' in head
  assert names.split() == ['protocol', *quickstart.COLUMNS]
  assert [row.split()[0] for row in rows] == list(quickstart.PROTOCOLS)
  assert rows[0].split()[1:] == ['0.9123', '0.5000', '1.0000', '-']


def test_a_failing_step_stops_with_its_exit_code(capfd):
  with pytest.raises(SystemExit) as caught:
    quickstart.step('try this', ['no_such_module_of_ours'])
  assert caught.value.code == 1
  error = capfd.readouterr().err
  assert 'No module named no_such_module_of_ours' in error
  assert '"try this" failed with exit code 1' in error


def test_a_wrong_folder_is_refused_before_anything_runs(
  tmp_path, monkeypatch, capsys
):
  monkeypatch.setattr(sys, 'argv', ['quickstart', f'--pcbdata={tmp_path}'])
  with pytest.raises(SystemExit) as caught:
    quickstart.main()
  assert caught.value.code == 2
  assert 'trainval.txt' in capsys.readouterr().err


def test_pictures_are_tried_before_anything_is_trained(tmp_path, monkeypatch):
  class Stopped(Exception):
    pass

  def step(title, command):
    assert command == [
      'data_tools.check',
      f'--root={tmp_path}',
      '--split=some',
      '--max_pairs=200',
    ]
    raise Stopped

  (tmp_path / 'some.txt').touch()
  words = [f'--pcbdata={tmp_path}', '--split=some', f'--out={tmp_path}']
  monkeypatch.setattr(sys, 'argv', ['quickstart', *words])
  monkeypatch.setattr(quickstart, 'step', step)
  monkeypatch.setattr('launch.environment.enter', lambda *_: None)
  with pytest.raises(Stopped):
    quickstart.main()


def test_commands_of_an_evaluation(tmp_path, monkeypatch):
  steps = []
  monkeypatch.setattr(
    quickstart, 'step', lambda title, command: steps.append(command)
  )
  folder = quickstart.evaluate(
    tmp_path / 'train', tmp_path / 'data', 'some', tmp_path, max_pairs=3
  )
  assert folder == tmp_path / 'evaluation-some'
  assert steps[0][0] == 'launch.evaluate'
  assert f'--config.eval.root={tmp_path / "data"}' in steps[0]
  assert '--config.eval.max_pairs=3' in steps[0]
