"""The commands ``serve`` and ``watch``, with a recipe that was taught."""

from __future__ import annotations

import http.client
import importlib.util
import json
import logging
import signal
import subprocess
import sys
import time

import pytest

from tests import samples
from tests.command_line import ROOT
from tests.line import asking, parts
from zeroshot.commands import main
from zeroshot.line import outcomes
from zeroshot.profiling import line_load
from zeroshot.recipe import store, teaching
from zeroshot.recipe.detector import RecipeDetector

PATIENCE_S = 300


@pytest.fixture(scope='module')
def recipe(tmp_path_factory):
  """Path of a recipe of one good part, ``samples.cells``."""
  path = tmp_path_factory.mktemp('taught') / 'cells.recipe'
  request = teaching.TeachRequest(name='cells')
  store.write(path, teaching.teach([samples.cells()], request).taught)
  return path


def test_a_recipe_answers(recipe):
  with asking.client_of(RecipeDetector.load(recipe)) as client:
    assert asking.post(client, parts.good()).json()['verdict'] == 'same'
    bad = asking.post(client, parts.bad()).json()
    assert (bad['verdict'], bad['name']) == ('different', 'part7')
    answer = asking.post(client, parts.other())
    asking.assert_refused(answer, 422, 'could not align')
    (told,) = client.get('/recipes').json()['recipes']
  assert told['name'] == 'cells'
  assert told['threshold'] == bad['threshold']


@pytest.mark.slow
def test_the_command_serves_under_load(recipe, tmp_path):
  picture = tmp_path / 'part7.png'
  picture.write_bytes(parts.bad())
  with line_load.server([str(recipe)], '--workers=1', '--queue=1') as served:
    figures = line_load.press(served, picture, clients=4, seconds=3)
    connection = http.client.HTTPConnection(served.host, served.port)
    connection.request('GET', '/recipes')
    assert json.loads(connection.getresponse().read())['recipes']
    connection.close()
  assert set(figures.statuses) == {200, 429}
  assert len(figures.times_s) == figures.statuses[200] > 0
  assert 'verdicts a second' in line_load.to_markdown(figures)


@pytest.mark.slow
def test_the_command_watches(recipe, tmp_path):
  folder = tmp_path / 'in'
  folder.mkdir()
  (folder / 'a.png').write_bytes(parts.bad())
  words = [sys.executable, '-m', 'zeroshot.commands.main', 'watch']
  with subprocess.Popen(
    [*words, recipe, f'--in={folder}', f'--out={tmp_path / "out"}'],
    cwd=ROOT,
    stderr=subprocess.PIPE,
    text=True,
  ) as process:
    deadline = time.monotonic() + PATIENCE_S
    while not (folder / 'done/a.png').exists():
      assert process.poll() is None
      assert time.monotonic() < deadline
      time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=PATIENCE_S)
  assert process.returncode == 0
  events = [json.loads(line)['event'] for line in log.splitlines()]
  assert events == ['loaded', 'watching', 'judged', 'stopped']
  verdict = json.loads((tmp_path / 'out/a.json').read_text())
  assert (verdict['verdict'], verdict['recipe']) == ('different', 'cells')
  assert (tmp_path / 'out' / outcomes.LOT).read_text().count('\n') == 2


@pytest.mark.parametrize(
  ('command', 'package', 'extra'),
  [
    (['serve', 'a.recipe'], 'uvicorn', 'zeroshot-inspection[serve]'),
    (
      ['watch', 'a', '--in=b', '--out=c'],
      'watchfiles',
      'zeroshot-inspection[watch]',
    ),
  ],
)
def test_a_missing_extra_is_named(monkeypatch, capsys, command, package, extra):
  find = importlib.util.find_spec
  monkeypatch.setattr(
    importlib.util,
    'find_spec',
    lambda name, *rest: None if name == package else find(name, *rest),
  )
  assert main.main(command) == 2
  assert extra in capsys.readouterr().err


@pytest.fixture
def same_log():
  """Keeps the log of the tests as it is."""
  root = logging.getLogger()
  handlers, level = root.handlers[:], root.level
  yield
  root.handlers[:] = handlers
  root.setLevel(level)


def test_mistakes_are_told_in_a_line(capsys, tmp_path, same_log):
  for command, words in (
    (['serve', 'none.recipe'], 'none.recipe'),
    (['serve', 'a.recipe', '--queue=-1'], 'queue is -1'),
    (['watch', 'none.recipe', f'--in={tmp_path}', '--out=x'], 'none.recipe'),
  ):
    assert main.main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert words in error
    assert error.count('\n') == 1


def test_an_empty_token_is_refused(capsys, monkeypatch):
  monkeypatch.setenv('ZEROSHOT_TOKEN', '')
  assert main.main(['serve', 'a.recipe']) == 2
  assert 'ZEROSHOT_TOKEN' in capsys.readouterr().err
