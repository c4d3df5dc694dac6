"""From training to figures, as a user goes: the commands and their files."""

from __future__ import annotations

import concurrent.futures
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from configs import default, smoke
from data_tools import make_pairs
from launch import evaluate
from tests.launch.test_train import SETTINGS
from tests.train import parts
from zeroshot.data import deeppcb, pictures
from zeroshot.experiments import evaluation, evaluation_extras, loading
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {
  'ap',
  'precision',
  'recall',
  'f_score',
  'num_images',
  'num_ground_truth',
  'num_detections',
}
DETAILS = {
  'ap_50',
  'ap_75',
  'max_recall',
  'interval_95',
  'pr_curve',
  'groups',
  'reliability',
}
SIX = {
  'kinds',
  'voc_mean_ap',
  'voc_mean_ap_50',
  'kind_accuracy',
  'confusion',
}
PROTOCOLS = (
  'official',
  'official-6',
  'shrunk',
  'as-published',
  'coco',
  'coco-6',
)
SHEETS = ('false_alarms.png', 'misses.png', 'reliability.png', 'confusion.png')
FILES = {
  'metrics.json',
  'detections.zip',
  'detections-6.zip',
  'pictures',
  'wrong_kinds.png',
  'confusion.md',
  *SHEETS,
}
# A barely trained network marks next to nothing at a threshold of 0.5.
EVALUATE = [
  'detect.threshold=0.3',
  'detect.registration=none',
  'eval.synthetic_pairs=8',
  'eval.bootstrap_samples=20',
  'eval.pictures=1',
  'eval.defect_free_pairs=2',
  'eval.worst=3',
  'eval.box_margin_px.official=8',  # whole pixels, as a submission's
]
MISALIGN = [
  'eval.misalign.shift_px=5',
  'eval.misalign.rotation_deg=1',
  'detect.registration=affine',
]
CALIBRATE = [
  'calibrate.synthetic_pairs=64',
  'calibrate.false_boxes_per_pair=1',
]


def start(module, *arguments):
  return subprocess.run(
    [sys.executable, '-m', module, *map(str, arguments)],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


def settings(*lines):
  return [f'--config.{line}' for line in lines]


class Run:
  """A trained run, its weights file and a generated set."""

  def __init__(self, folder):
    self.folder = folder
    self.workdir = folder / 'run'
    self.weights = folder / 'w.safetensors'
    self.root = folder / 'PCBData'
    make_pairs.make(self.root, num_pairs=3, seed=0, size_px=256)
    self.expect('launch.train', *self.config(), f'--workdir={self.workdir}')
    self.expect(
      'launch.export_weights',
      f'--workdir={self.workdir}',
      f'--out={self.weights}',
    )

  def expect(self, *words):
    done = start(*words)
    assert done.returncode == 0, done.stderr
    return done

  def config(self, *more):
    lines = [*SETTINGS, 'train.steps=30', *more]
    return ['--config=configs/smoke.py', *settings(*lines)]

  def arguments(self, *more, root=None, split='generated', out='unused'):
    return [
      *self.config(*EVALUATE, f'eval.split={split}', *more),
      f'--config.eval.root={root or self.root}',
      f'--out={self.folder / out}',
    ]

  def evaluate(self, out, *more, source):
    words = [*self.arguments(*more, out=out), source]
    self.expect('launch.evaluate', *words)
    return json.loads((self.folder / out / 'metrics.json').read_text())


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  return Run(tmp_path_factory.mktemp('evaluate'))


@pytest.fixture(scope='module')
def metrics(trained):
  return trained.evaluate('plain', source=f'--workdir={trained.workdir}')


@pytest.mark.slow
def test_all_promised_figures_are_there(trained, metrics):
  for protocol in PROTOCOLS:
    assert set(metrics[protocol]) >= FIGURES, protocol
    assert metrics[protocol]['num_images'] == 3
  official = metrics['official']
  assert set(official) >= DETAILS
  assert set(metrics['official-6']) >= DETAILS | SIX
  assert set(official['groups']) == {'group90000', 'group90001'}
  assert len(official['interval_95']) == 2
  assert official['num_detections'] > 0
  assert metrics['seconds_per_pair'] > 0
  assert metrics['step'] == 30
  assert metrics['config']['eval']['root'] == str(trained.root)
  assert metrics['config']['train']['batch_size'] == 4
  assert set(metrics['synthetic']) >= {'pixel_auroc', 'pixel_ap'}
  assert metrics['defect_free'].keys() == {'num_pairs', 'false_boxes_per_pair'}
  assert metrics['defect_free']['num_pairs'] == 2
  assert 'at_threshold' not in official  # nobody has chosen one
  assert (
    sum(official['reliability']['num_detections'])
    == (official['num_detections'])
  )


@pytest.mark.slow
def test_all_promised_files_are_there(trained, metrics):
  assert metrics
  folder = trained.folder / 'plain'
  assert {file.name for file in folder.iterdir()} == FILES
  assert len(list((folder / 'pictures').iterdir())) == 1
  for name in SHEETS:
    assert pictures.read_picture(folder / name).std() > 0.05


@pytest.mark.slow
def test_a_weights_file_gives_the_same_figures(trained, metrics):
  again = trained.evaluate('weights', source=f'--weights={trained.weights}')
  for figures in (again, metrics):
    figures.pop('seconds_per_pair', None)
  assert again == metrics
  for name in ('detections.zip', 'detections-6.zip'):
    first, second = (
      (trained.folder / out / name).read_bytes() for out in ('plain', 'weights')
    )
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize(
  ('protocol', 'name', 'options'),
  [
    ('official', 'detections.zip', ['--class_agnostic']),
    ('official-6', 'detections-6.zip', []),
  ],
)
def test_the_benchmarks_scorer_agrees(
  trained, metrics, protocol, name, options
):
  done = trained.expect(
    'launch.score',
    f'--ground_truth={trained.root}',
    f'--detections={trained.folder / "plain" / name}',
    *options,
  )
  figures = json.loads(done.stdout)
  expected = metrics[protocol]
  assert figures['AP'] == pytest.approx(expected['ap'], abs=1e-9)
  for name in ('precision', 'recall'):
    assert figures[name] == pytest.approx(expected[name], abs=1e-9)


@pytest.mark.slow
def test_a_misaligned_reference_is_scored(trained, metrics):
  moved = trained.evaluate(
    'moved', *MISALIGN, source=f'--workdir={trained.workdir}'
  )
  assert moved['config']['eval']['misalign']['shift_px'] == 5
  official = moved['official']
  assert official['num_images'] == 3
  assert official['num_ground_truth'] > 0
  assert official['num_ground_truth'] <= metrics['official']['num_ground_truth']
  assert moved['official'] != metrics['official']


@pytest.fixture(scope='module')
def calibrated(trained):
  """A weights file with a calibration, and what its command printed."""
  file = trained.folder / 'calibrated.safetensors'
  done = trained.expect(
    'launch.calibrate',
    *trained.config(*EVALUATE, *CALIBRATE),
    f'--workdir={trained.workdir}',
    f'--references={trained.root}/group*/*/*_temp.jpg',
    f'--out={file}',
  )
  return file, json.loads(done.stdout)


@pytest.mark.slow
def test_a_calibration_goes_with_the_weights(trained, calibrated):
  file, printed = calibrated
  weights, plain = files.load(file), files.load(trained.weights)
  assert weights.calibration == printed
  assert plain.calibration is None
  parts.assert_equal(weights.parameters, plain.parameters)
  detect = weights.config['detect']  # those that the threshold was chosen with
  assert weights.config == {**plain.config, 'detect': detect}
  assert weights.step == plain.step
  assert printed['slope'] > 0
  assert 0 < printed['threshold'] < 1
  assert printed['defect_free_pairs'] == 2 * 3  # takes of each reference
  assert printed['false_boxes_per_pair'] <= 1
  assert printed['synthetic_boxes'] > 0
  assert 0 < printed['synthetic_precision'] < 1


@pytest.mark.slow
def test_calibrated_weights_tell_what_their_threshold_does(
  trained, metrics, calibrated
):
  file, printed = calibrated
  figures = trained.evaluate('calibrated', source=f'--weights={file}')
  official, plain = figures['official'], metrics['official']
  # Confidences are others, their order is not.
  assert official['reliability'] != plain['reliability']
  assert official['ap'] == pytest.approx(plain['ap'], abs=1e-6)
  assert official['num_detections'] == plain['num_detections']
  chosen = official['at_threshold']
  assert chosen['threshold'] == printed['threshold']
  assert chosen['num_detections'] < official['num_detections']
  defect_free = figures['defect_free']
  assert defect_free['false_boxes_per_pair'] == pytest.approx(
    metrics['defect_free']['false_boxes_per_pair']
  )
  assert (
    defect_free['false_boxes_per_pair_at_threshold']
    < defect_free['false_boxes_per_pair']
  )


@pytest.mark.slow
def test_the_classical_rival_needs_no_training(trained):
  figures = trained.evaluate('classical', source='--weights=classical')
  assert figures['official']['num_images'] == 3
  assert figures['official']['ap'] > 0.5
  assert figures['step'] == 0
  assert 0 < figures['synthetic']['pixel_ap'] < 1


def truncate(path):
  path.write_bytes(path.read_bytes()[:-400])


def shrink(path):
  cv2.imwrite(str(path), np.full((200, 256, 3), 255, np.uint8))


def broken(trained, name, damage):
  """A copy of the set whose first test picture is damaged."""
  root = trained.folder / name
  shutil.copytree(trained.root, root)
  damage(root / 'group90000' / '90000' / '90000000_test.jpg')
  return root


MISTAKES = {
  'neither source': 'give either --workdir=DIR or --weights=FILE',
  'both sources': 'give either --workdir=DIR or --weights=FILE',
  'no root': 'nowhere: no such folder',
  'wrong split': "no split 'trainval'; the splits here: generated",
  'unknown group': 'has no group1; its groups are group90000, group90001',
  'no run': 'train first with launch.train',
  'no weights': 'no weights file',
  'another network': 'model.match_support was 1 and is now 0',
  'misspelt field': "--config.eval.spilt=x: the config has no field 'spilt'",
  'leftover': "unexpected argument 'generated'",
  'truncated picture': '90000000_test.jpg: the picture is cut short',
  'two sizes': 'is 256x256 and test',
}


@pytest.fixture(scope='module')
def mistakes(trained):
  """Every mistake is made, two at a time."""
  source = f'--workdir={trained.workdir}'
  weights = f'--weights={trained.weights}'
  truncated = broken(trained, 'truncated', truncate)
  sizes = broken(trained, 'sizes', shrink)
  commands = {
    'neither source': trained.arguments(),
    'both sources': [*trained.arguments(), source, weights],
    'no root': [*trained.arguments(root='nowhere'), weights],
    'wrong split': [*trained.arguments(split='trainval'), weights],
    'unknown group': [*trained.arguments('eval.groups=group1'), weights],
    'no run': [*trained.arguments(), f'--workdir={trained.folder / "none"}'],
    'no weights': [*trained.arguments(), '--weights=none'],
    'another network': [*trained.arguments('model.match_support=0'), weights],
    'misspelt field': [*trained.arguments('eval.spilt=x'), weights],
    'leftover': [*trained.arguments(), weights, 'generated'],
    'truncated picture': [*trained.arguments(root=truncated), weights],
    'two sizes': [*trained.arguments(root=sizes), weights],
  }
  with concurrent.futures.ThreadPoolExecutor(2) as pool:
    done = pool.map(
      lambda words: start('launch.evaluate', *words), commands.values()
    )
  return dict(zip(commands, done, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize('mistake', MISTAKES)
def test_a_mistake_ends_in_one_line(mistakes, mistake):
  done = mistakes[mistake]
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert MISTAKES[mistake] in done.stderr
  assert done.stdout == ''


# --- Here and now, by the classical baseline -----------------------------------


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
  root = tmp_path_factory.mktemp('classical') / 'PCBData'
  make_pairs.make(root, num_pairs=3, seed=0, size_px=256)
  return root


def evaluate_classical(root, out, *, kinds='topology', **changes):
  """Figures of the baseline; it looks for moves and light no more than it must."""
  config = smoke.get_config()
  config.detect.registration = 'none'
  config.detect.kinds = kinds
  config.classical.scores.match_lighting = False
  config.eval.update(
    root=str(root),
    split='generated',
    bootstrap_samples=5,
    pictures=1,
    synthetic_pairs=0,
    defect_free_pairs=0,
    worst=2,
  )
  config.eval.update(changes)
  weights = loading.load(config, workdir=None, weights='classical')
  return evaluation.evaluate(config, weights, out)


def test_what_is_returned_is_what_is_written(generated, tmp_path):
  out = tmp_path / 'new' / 'folder'
  figures = evaluate_classical(generated, out, defect_free_pairs=2)
  written = json.loads((out / 'metrics.json').read_text())
  assert written.keys() == figures.keys()
  assert written['official']['ap'] == figures['official']['ap'] > 0.5
  assert set(written['official']) >= FIGURES | DETAILS
  assert set(written['official-6']) >= FIGURES | DETAILS | SIX
  assert {file.name for file in out.iterdir()} == FILES
  assert written['defect_free']['num_pairs'] == 2
  assert written['defect_free']['false_boxes_per_pair'] >= 0
  assert written['config']['classical']['scores']['match_lighting'] is False
  for name in SHEETS:
    assert pictures.read_picture(out / name).std() > 0.05


def test_named_kinds_are_told_and_shown(generated, tmp_path, monkeypatch):
  build = loading.build_detector

  def build_naming(*arguments):
    """The baseline, which now says of everything that it is a spur."""
    plain = build(*arguments)

    def detect(reference, test):
      detection = plain(reference, test)
      count = len(detection.boxes.kind)
      named = detection.boxes._replace(
        kind=('spur',) * count, kind_confidence=np.full(count, 0.5, np.float32)
      )
      return detection._replace(boxes=named)

    return detect

  nameless = evaluate_classical(generated, tmp_path / 'nameless', kinds='none')
  monkeypatch.setattr(loading, 'build_detector', build_naming)
  figures = evaluate_classical(generated, tmp_path / 'named')
  np.testing.assert_equal(figures['official'], nameless['official'])
  six = figures['official-6']
  assert nameless['official-6']['ap'] == 0 < six['ap'] < 1
  assert 0 < six['kind_accuracy'] < 1
  assert six['kinds']['spur']['num_detections'] == six['num_detections']
  lines = (tmp_path / 'named' / 'confusion.md').read_text().splitlines()
  table = [line.strip('| ').split('|') for line in lines[2:]]
  written = [[int(count) for count in row[1:]] for row in table]
  assert written == six['confusion']['counts']
  empty, full = (
    pictures.read_picture(tmp_path / name / 'wrong_kinds.png').size
    for name in ('nameless', 'named')
  )
  assert empty < full


def names_all_bad(root, out, monkeypatch, **changes):
  """Whether an evaluation tells of two bad pictures and detects nothing."""
  monkeypatch.setattr(evaluate.pair_shards, 'deal', None)  # not reached
  with pytest.raises(ValueError, match=r'^2 faults: ') as caught:
    evaluate_classical(root, out, **changes)
  found = str(caught.value)
  assert not out.exists()
  return '000_temp.jpg: the picture is cut' in found and 'sizes differ' in found


def test_all_bad_pictures_are_named_first(tmp_path, monkeypatch):
  root, out = tmp_path / 'PCBData', tmp_path / 'out'
  make_pairs.make(root, num_pairs=3, seed=0, size_px=256)
  entries = deeppcb.list_pairs(root, 'generated')
  truncate(entries[0].reference_path)
  cv2.imwrite(str(entries[2].test_path), np.full((250, 256, 3), 255, np.uint8))
  assert names_all_bad(root, out, monkeypatch)

  lines = [
    dict(reference=str(e.reference_path), test=str(e.test_path), boxes=[])
    for e in entries
  ]
  path = tmp_path / 'pairs.jsonl'
  path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
  assert names_all_bad('', out, monkeypatch, manifest=str(path))


def test_a_bad_bank_is_named_first(generated, tmp_path, monkeypatch):
  monkeypatch.setattr(evaluate.pair_shards, 'deal', None)  # not reached
  (tmp_path / 'b.npz').write_bytes(b'PK no bank')
  config = smoke.get_config()
  config.synthesis.bank = str(tmp_path / 'b.npz')
  monkeypatch.setattr(smoke, 'get_config', lambda: config)
  with pytest.raises(ValueError, match=r'b\.npz: not an image bank'):
    evaluate_classical(generated, tmp_path / 'out', synthetic_pairs=4)
  config.eval.synthetic_pairs = 0
  assert evaluation_extras.load_bank(config) is None  # it is not needed then


def test_zeros_leave_things_out(generated, tmp_path):
  figures = evaluate_classical(generated, tmp_path, pictures=0, worst=0)
  assert 'defect_free' not in figures
  assert not list((tmp_path / 'pictures').iterdir())
  evaluate_classical(generated, tmp_path / 'full', worst=2)
  empty, full = (
    pictures.read_picture(folder / 'false_alarms.png').size
    for folder in (tmp_path, tmp_path / 'full')
  )
  assert empty < full


@pytest.mark.parametrize(
  'change',
  [
    {'worst': -1},
    {'defect_free_pairs': -1},
    {'synthetic_pairs': -1},
    {'bootstrap_samples': -1},
    {'pictures': -1},
    {'misalignment_pairs': -1},
    {'iou_threshold': 1.0},
  ],
)
def test_a_setting_out_of_range_is_refused_first(tmp_path, change):
  (name,) = change
  with pytest.raises(ValueError, match=rf'eval\.{name} is'):
    evaluate_classical('no such folder', tmp_path, **change)


def test_synthetic_pairs_of_photographs_need_them_first(tmp_path):
  config = smoke.get_config()
  config.synthesis.backgrounds.photographs = 1.0
  weights = loading.load(config, workdir=None, weights='classical')
  with pytest.raises(ValueError, match=r'synthesis\.bank is empty'):
    evaluation.evaluate(config, weights, tmp_path)


def test_swapped_pictures_give_the_same_figures(generated, tmp_path):
  """Of the baseline, to which both pictures are alike."""
  plain, swapped = (
    evaluate_classical(generated, tmp_path / str(swap), swap=swap)
    for swap in (False, True)
  )
  assert swapped['config']['eval']['swap'] is True
  names = ('ap', 'precision', 'recall', 'num_detections', 'num_ground_truth')
  for name in names:
    assert swapped['official'][name] == pytest.approx(plain['official'][name])
  (file,) = (tmp_path / 'False' / 'pictures').iterdir()
  drawn = pictures.read_picture(file)
  other = pictures.read_picture(tmp_path / 'True' / 'pictures' / file.name)
  assert drawn.shape == other.shape
  assert np.abs(drawn - other).max() > 0.3  # the two have changed places


def test_each_misalignment_has_its_ap(generated, tmp_path):
  steps = ((0, 0), (40, 5))
  figures = evaluate_classical(generated, tmp_path, misalignments=steps)
  still, moved = figures['misalignment']
  assert (moved['shift_px'], moved['rotation_deg']) == steps[1]
  assert still['ap'] == figures['official']['ap'] > moved['ap']
  assert still['num_images'] == moved['num_images'] == 3

  changes = dict(misalignments=steps[:1], misalignment_pairs=2)
  (two,) = evaluate_classical(generated, tmp_path, **changes)['misalignment']
  assert two['num_images'] == 2


@pytest.mark.parametrize('steps', [(1, 2), ((1, 2, 3),), ((float('nan'), 0),)])
def test_steps_that_are_none_are_refused_first(tmp_path, steps):
  with pytest.raises(ValueError, match=r'eval\.misalignments has the step'):
    evaluate_classical('no such folder', tmp_path, misalignments=steps)


def test_swapped_pictures_are_not_moved(tmp_path):
  changes = dict(misalignments=((1, 0),), swap=True)
  with pytest.raises(ValueError, match='give one of them'):
    evaluate_classical('no such folder', tmp_path, **changes)


def test_every_other_pair_is_taken(generated, tmp_path):
  figures = evaluate_classical(generated, tmp_path, every=2)
  assert figures['official']['num_images'] == 2


@pytest.mark.parametrize(
  ('total', 'count', 'places'),
  [
    (10, 3, {0, 4, 9}),
    (10, 1, {0}),
    (10, 0, set()),
    (3, 12, {0, 1, 2}),
    (1, 5, {0}),
  ],
)
def test_places_are_spread_evenly(total, count, places):
  assert evaluation_extras.spread(total, count) == places
  assert len(evaluation_extras.spread(1000, 200)) == 200


def test_a_manifest_is_evaluated_like_a_folder(tmp_path):
  path = tmp_path / 'parts.jsonl'
  (tmp_path / 'a.png').write_bytes(b'not read here')
  line = (
    '{{"reference": "a.png", "test": "a.png", "boxes": [], "group": "{}"}}\n'
  )
  path.write_text(''.join(map(line.format, 'xyxyx')))
  settings = default.get_config().eval
  settings.manifest = str(path)

  def names(**changes):
    chosen = settings.copy_and_resolve_references()
    chosen.update(changes)
    return [pair.name for pair in evaluation.list_evaluated(chosen)]

  assert names() == ['1', '2', '3', '4', '5']
  assert names(groups='x') == ['1', '3', '5']
  assert names(groups='x', every=2, max_pairs=1) == ['1']
  with pytest.raises(ValueError, match=r'eval\.groups: there is no group z'):
    names(groups='z')
  table = tmp_path / 'parts.csv'
  table.write_text('reference;test;name;boxes\na.png;a.png;b;\na.png;a.png;c;')
  assert names(manifest=str(table)) == ['b', 'c']
  table.write_text('reference,test\na.png,a.png\n')
  with pytest.raises(ValueError, match='line 2: neither boxes nor mask'):
    names(manifest=str(table))
  with pytest.raises(ValueError, match='every is 0'):
    names(every=0)
  with pytest.raises(ValueError, match='both given'):
    names(root='PCBData')
