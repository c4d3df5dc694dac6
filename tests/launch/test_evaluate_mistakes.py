"""Mistakes of a user of the evaluation command."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from tests import forked


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
  """Every mistake is made."""
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
  with forked.starting('launch.evaluate') as start:
    return {
      mistake: start('launch.evaluate', *words)
      for mistake, words in commands.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize('mistake', MISTAKES)
def test_a_mistake_ends_in_one_line(mistakes, mistake):
  done = mistakes[mistake]
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert MISTAKES[mistake] in done.stderr
  assert done.stdout == ''
