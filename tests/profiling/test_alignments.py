"""Known moves are aligned right or refused, never wrong without a word."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.registration.test_register import texture
from zeroshot.profiling import alignments

ROOT_WORDS = [sys.executable, '-m', 'launch.alignments']


@pytest.fixture(scope='module')
def paths(tmp_path_factory):
  folder = tmp_path_factory.mktemp('textures')
  files = [folder / f'{seed}.png' for seed in range(3)]
  for seed, file in enumerate(files):
    picture = np.rint(texture(seed, 400, 480) * 255).astype(np.uint8)
    cv2.imwrite(str(file), picture[..., ::-1])
  return files


def test_textures_are_aligned_right_or_refused(paths):
  outcomes = alignments.measure(paths, num_cases=10, seed=0)
  for kind in alignments.KINDS:
    assert sum(outcomes[kind]) == 2
    assert outcomes[kind].right == 2, kind
  assert outcomes['other'] == alignments.Outcomes(refused=3)
  assert outcomes['mirrored'] == alignments.Outcomes(refused=2)


def test_photographs_are_never_aligned_wrong_without_a_word(shared):
  files = sorted((shared / 'backgrounds').glob('*.jpg'))[::40]
  outcomes = alignments.measure(files, num_cases=10, seed=1)
  assert sum(n.silent for n in outcomes.values()) == 0
  assert sum(outcomes[kind].right for kind in alignments.KINDS) >= 9


def test_a_move_that_is_off_is_told_apart():
  picture = np.rint(texture(0, 300, 300) * 255).astype(np.uint8)
  case = alignments.move_picture(picture, 'shift', np.random.default_rng(0))
  assert alignments.judge(case) == 'right'
  off = case.matrix.copy()
  off[0, 2] += 3
  assert alignments.judge(case._replace(matrix=off)) == 'silent'


def test_the_command_prints_the_outcomes_of_each_kind(paths, tmp_path):
  words = [*ROOT_WORDS, f'--pictures={paths[0].parent}', '--num_cases=5']
  done = subprocess.run(words, capture_output=True, text=True, check=True)
  outcomes = json.loads(done.stdout)
  assert set(outcomes) == {*alignments.KINDS, *alignments.FOREIGN}
  (tmp_path / '0.png').write_bytes(paths[0].read_bytes())
  words = [*ROOT_WORDS, f'--pictures={tmp_path}']
  failed = subprocess.run(words, capture_output=True, text=True, check=False)
  assert failed.returncode == 2
  assert 'give two and more' in failed.stderr
