"""``zeroshot teach``, ``zeroshot inspect RECIPE`` and ``zeroshot accept``."""

from __future__ import annotations

import json

import pytest

from tests import drawn_parts
from zeroshot.commands import main
from zeroshot.recipe import store, summary


@pytest.fixture(scope='module')
def place(tmp_path_factory):
  folder = tmp_path_factory.mktemp('product')
  for name, colours in (
    ('good', ('blue', 'red', 'blue', 'red')),
    ('in', ('green',)),
  ):
    (folder / name).mkdir()
    for seed, colour in enumerate(colours):
      path = str(folder / name / f'{seed}-{colour}.png')
      drawn_parts.write(
        path, drawn_parts.part(colour, seed=seed + 9 * (name == 'in'))
      )
  return folder


def test_a_recipe_is_taught_and_learns_a_part_that_was_good(place, capsys):
  recipe, out = str(place / 'cap.recipe'), str(place / 'out')
  assert main.main(['teach', str(place / 'good'), f'--out={recipe}']) == 0
  assert '4 parts' in capsys.readouterr().out
  assert main.main(['inspect', recipe, str(place / 'in'), '--json']) == 1
  record = json.loads(capsys.readouterr().out)
  assert (record['name'], record['verdict']) == ('0-green', 'different')
  assert record['good_part'] in range(1, 5)
  assert record['to_frame'][2] == pytest.approx([0, 0, 1], abs=1e-3)
  pattern = str(place / 'in' / '*.png')
  assert main.main(['inspect', recipe, pattern, f'--out={out}']) == 1
  (pictures,) = (place / 'out' / 'pairs').iterdir()
  kept = summary.read(place / 'out' / summary.FOLDER)
  assert kept.recipe['verdict'].startswith('4 parts')
  assert [each.is_file() for each in kept.goods] == [True] * 4
  assert kept.scale['most'] > kept.scale['least'] > 0
  assert main.main(['report', out]) == 0
  assert 'recipe-good-4' in (place / 'out' / 'report.html').read_text()
  accepted = ['accept', recipe, str(pictures), '--variant=green']
  assert main.main(accepted) == 0
  assert main.main(['inspect', recipe, str(place / 'in')]) == 0
  taught = store.read(recipe)
  assert taught.recipe.variants == ('', '', '', '', 'green')
  assert [event['what'] for event in taught.history] == ['taught', 'accepted']
  capsys.readouterr()
  assert main.main(accepted) == 2
  assert 'is good part 5' in capsys.readouterr().err


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    (['inspect', 'no.recipe', 'a.png'], 'there is no recipe'),
    (['inspect', 'a.png', 'b.png', 'c.png'], 'several go with a recipe'),
    (['inspect', 'a.recipe', 'b.png', '--weights=x'], '--weights is not for'),
    (['inspect', 'a.recipe'], 'at least one picture'),
    (['teach', 'no.png', '--out=a.recipe'], 'no.png'),
    (['accept', 'no.recipe', 'a.png'], 'there is no recipe'),
  ],
)
def test_a_mistake_is_named(arguments, words, capsys, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert main.main(arguments) == 2
  assert words in capsys.readouterr().err
