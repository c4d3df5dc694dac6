"""One good part against a recipe of several, on products with known defects.

  python -m launch.recipes --product=PRODUCTS/cola_bottle --roi=95,0,262,288
      [--weights=default] [--threshold=0.35] [--taught=10] [--most=10]

Teaches a recipe with the first good parts of a product, and inspects the other
good ones and the bad ones with it and with the first good part alone. Prints a
table; see ``zeroshot.profiling.recipe_table`` for what it counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.inspection.detector import Detector
from zeroshot.profiling import recipe_table
from zeroshot.recipe import network, teaching
from zeroshot.recipe.detector import RecipeDetector
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Teaches, inspects and prints."""
  del argv
  options = flags.FLAGS
  folder = Path(options.product)
  product = recipe_table.read_product(folder)
  roi = [[float(side) for side in text.split(',')] for text in options.roi]
  outcome = teaching.teach(
    product.good[: options.taught],
    teaching.TeachRequest(
      name=folder.name,
      weights=options.weights,
      threshold=options.threshold,
      roi=roi,
      false_boxes=options.false_boxes,
    ),
  )
  recipe = outcome.taught.recipe
  print(json.dumps({'left_out': [each[:] for each in outcome.left_out]}))
  print(f'tolerance {recipe.tolerance:g}; {recipe.verdict}; {recipe.certainty}')
  opened = network.open_network(recipe.weights, threshold=recipe.threshold)
  figures = recipe_table.measure(
    product,
    RecipeDetector(outcome.taught, opened),
    Detector.load(options.weights, threshold=options.threshold),
    taught=options.taught,
    most=options.most,
    roi=roi,
  )
  print(recipe_table.to_markdown({folder.name: figures}))


if __name__ == '__main__':
  flags.DEFINE_string('product', None, 'Folder of a product.', required=True)
  flags.DEFINE_string('weights', 'default', 'Name or file of weights.')
  flags.DEFINE_float('threshold', None, 'Least confidence that counts.')
  flags.DEFINE_integer('taught', 10, 'Good parts to teach.', lower_bound=1)
  flags.DEFINE_integer('most', None, 'Parts of a kind to test; all if not set.')
  flags.DEFINE_float('false_boxes', 0.1, 'See zeroshot teach.')
  flags.DEFINE_multi_string('roi', [], 'Region x1,y1,x2,y2 to inspect.')
  cli.run(main)
