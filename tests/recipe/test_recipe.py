"""``recipe.json``: what is read, and what is refused by name."""

from __future__ import annotations

import json

import pytest

from zeroshot.recipe import recipe as recipes


def settings(**changes):
  recipe = recipes.Recipe(
    name='plug',
    created='2026-01-01T00:00:00+00:00',
    weights=recipes.Network('default', 'a' * 64),
    threshold=0.5,
    min_size='0.3mm',
    mm_per_px=0.02,
    inspect=(recipes.InspectedRegion((0.0, 0.0, 9.0, 8.0), 2.0),),
    ignore=((1.0, 1.0, 2.0, 2.0),),
    variants=('red', ''),
  )
  return json.loads(json.dumps(recipes.to_json(recipe))) | changes


def test_a_recipe_is_read_as_it_was_written():
  recipe = recipes.from_json(settings(), place='recipe.json')
  assert recipes.to_json(recipe) == settings()
  assert recipe.least_size.px == pytest.approx(15)


def test_a_recipe_of_an_older_schema_opens():
  older = settings(schema=0, roi=[[0, 0, 9, 8]])
  del older['inspect']
  recipe = recipes.from_json(older, place='recipe.json')
  assert recipe.inspect == (recipes.InspectedRegion((0, 0, 9, 8), 1.0),)
  assert recipes.to_json(recipe)['schema'] == recipes.SCHEMA


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'schema': 2}, 'schema 2 is of a newer version'),
    ({'schema': True}, 'schema is True'),
    ({'treshold': 1}, "unknown field 'treshold'"),
    ({'threshold': 1.5}, 'threshold is 1.5'),
    ({'threshold': '0.5'}, "threshold is '0.5'"),
    ({'weights': 'default'}, 'weights: give an object'),
    ({'weights': {'name': 'default'}}, "'sha256' is missing"),
    ({'min_size': '3cm'}, 'min_size'),
    ({'mm_per_px': None}, 'scale is not known'),
    ({'inspect': {}}, 'inspect is {}'),
    ({'inspect': [{'region': [5, 0, 5, 8]}]}, 'roi 5,0,5,8 is empty'),
    ({'inspect': [{'region': [0, 0, 5, 8], 'sensitivity': 0}]}, 'sensitivity'),
    ({'ignore': [[1, 2, 3]]}, 'four numbers'),
    ({'kinds': 'all'}, "kinds is 'all'"),
    ({'on_alignment_failure': 'skip'}, "on_alignment_failure is 'skip'"),
    ({'false_boxes': -1}, 'false_boxes is -1'),
    ({'tolerance': float('nan')}, 'tolerance is nan'),
  ],
)
def test_what_is_wrong_is_named(changes, words):
  with pytest.raises(ValueError, match=r'^a/recipe.json: ') as raised:
    recipes.from_json(settings(**changes), place='a/recipe.json')
  assert words in str(raised.value)


def test_a_missing_field_is_named():
  less = settings()
  del less['threshold']
  with pytest.raises(ValueError, match='threshold'):
    recipes.from_json(less, place='recipe.json')
