"""The check on the command line, of bare lists and of labelled pairs."""

from __future__ import annotations

import json

import numpy as np

from zeroshot.commands import main
from zeroshot.data import pair_list, pictures


def test_faults_are_lines_and_the_status_tells(capsys, tmp_path):
  pictures.write_picture(tmp_path / 'good.png', np.zeros((6, 8, 3)))
  listed = tmp_path / 'pairs.csv'
  listed.write_text('reference,test\ngood.png,good.png\n')
  assert main.main(['check', str(listed)]) == 0
  assert (
    capsys.readouterr().out == f'checked 1 pairs of {listed}: all is well\n'
  )
  listed.write_text('reference,test\ngood.png,gone.png\n')
  assert main.main(['check', str(listed)]) == 2
  lines = capsys.readouterr().out.splitlines()
  assert len(lines) == 2
  assert 'gone.png: no such file' in lines[0]
  assert lines[1].endswith('1 fault')


def test_boxes_of_labelled_pairs_are_looked_at(capsys, tmp_path):
  pictures.write_picture(tmp_path / 'good.png', np.zeros((6, 8, 3)))
  row = {'reference': 'good.png', 'test': 'good.png', 'boxes': [[99, 9, 99, 9]]}
  labelled = tmp_path / 'pairs.jsonl'
  labelled.write_text(json.dumps(row))
  assert main.main(['check', str(labelled)]) == 2
  assert 'lies outside' in capsys.readouterr().out


def test_what_is_well_can_be_inspected_whatever_its_form(capsys, tmp_path):
  pictures.write_picture(tmp_path / 'good.png', np.zeros((6, 8, 3)))
  row = {'reference': 'good.png', 'test': 'good.png', 'name': 'lot 3/7'}
  cells = '\t'.join(row), '\t'.join(row.values())
  lists = {'a.tsv': '\n'.join(cells), 'b.txt': '\n'.join(cells)}
  lists |= dict.fromkeys(('c.jsonl', 'd.json', 'e'), json.dumps(row))
  for name, text in lists.items():
    (tmp_path / name).write_text(text)
    assert main.main(['check', str(tmp_path / name)]) == 0, name
    (pair,) = pair_list.read_pair_list(tmp_path / name)
    assert (pair.name, pair.fault) == ('lot 3/7', '')
    assert pair.test_path == tmp_path / 'good.png'
  assert capsys.readouterr().out.count('all is well') == len(lists)
