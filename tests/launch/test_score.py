"""The scoring command, as a user starts it."""

from __future__ import annotations

import functools
import json
import zipfile

import pytest

from tests import forked


@pytest.fixture(scope='module')
def start():
  with forked.starting('launch.score') as run:
    yield functools.partial(run, 'launch.score')


def make_zip(path, texts):
  with zipfile.ZipFile(path, 'w') as archive:
    for name, text in texts.items():
      archive.writestr(f'{name}.txt', text)
  return path


@pytest.fixture
def files(tmp_path):
  truth = make_zip(
    tmp_path / 'gt.zip',
    {'00000000': '0 0 100 1 1\n0 50 10 60 2\n', '00000001': ''},
  )
  dt = make_zip(
    tmp_path / 'found.zip',
    {'00000000': '0,0,33,1,0.9,open\n0,50,10,60,0.5,open\n'},
  )
  return f'--ground_truth={truth}', f'--detections={dt}'


def test_prints_one_json_object_and_nothing_else(start, files):
  done = start(*files)
  assert done.returncode == 0, done.stderr
  # An IoU of exactly 0.33, and a wrong class.
  assert json.loads(done.stdout) == {
    'precision': 0,
    'recall': 0,
    'hmean': 0,
    'AP': 0,
  }
  assert done.stderr == ''


@pytest.mark.slow
def test_flags_change_the_figures(start, files):
  blind = json.loads(start(*files, '--class_agnostic').stdout)
  assert blind == {'precision': 0.5, 'recall': 0.5, 'hmean': 0.5, 'AP': 0.25}
  lower = json.loads(start(*files, '--iou_threshold=0.32').stdout)
  assert lower == {'precision': 0.5, 'recall': 0.5, 'hmean': 0.5, 'AP': 0.5}


@pytest.mark.slow
def test_undefined_is_null(start, files, tmp_path):
  empty = make_zip(tmp_path / 'none.zip', {})
  done = start(files[0], f'--detections={empty}')
  assert json.loads(done.stdout) == {
    'precision': None,
    'recall': 0,
    'hmean': 0,
    'AP': 0,
  }


@pytest.mark.slow
@pytest.mark.parametrize(
  ('change', 'message'),
  [
    (lambda gt, dt: (gt, '--detections=/no/such.zip'), '/no/such.zip'),
    (lambda gt, dt: ('--ground_truth=/no/such', dt), '/no/such'),
    (lambda gt, dt: (gt, dt, 'left.zip'), "'left.zip'"),
    (lambda gt, dt: (gt, dt, '--iou=0.5'), "'iou'"),
    (lambda gt, dt: (gt, dt, '--iou_threshold=x'), 'iou_threshold'),
    (lambda gt, dt: (gt, dt, '--iou_threshold=33'), 'iou_threshold'),
    (lambda gt, dt: (gt,), 'detections'),
    (lambda gt, dt: (gt, f'--detections={__file__}'), 'not a zip'),
  ],
)
def test_a_mistake_ends_in_one_line(start, files, change, message):
  done = start(*change(*files))
  assert done.returncode == 2
  assert done.stdout == ''
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert message in done.stderr


def test_unknown_pictures_end_in_one_line(start, files, tmp_path):
  dt = make_zip(tmp_path / 'x.zip', {'99': ''})
  done = start(files[0], f'--detections={dt}')
  assert done.returncode == 2
  assert done.stderr.startswith('error: detections of unknown pictures: 99')
  assert done.stderr.count('\n') == 1


@pytest.mark.slow
def test_a_conformance_case(start, shared, tmp_path):
  path = shared / 'protocol' / 'conformance_cases.json'
  case = json.loads(path.read_text())[1]  # with classes

  def texts(rows_of):
    return {
      name: ''.join(','.join(map(str, row)) + '\n' for row in rows)
      for name, rows in rows_of.items()
    }

  done = start(
    f'--ground_truth={make_zip(tmp_path / "a", texts(case["ground_truth"]))}',
    f'--detections={make_zip(tmp_path / "b", texts(case["detections"]))}',
  )
  assert json.loads(done.stdout) == pytest.approx(case['expected'], abs=1e-9)
