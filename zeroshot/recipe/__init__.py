"""One product: good parts, what they teach, inspection with it.

  from zeroshot.recipe import load

  settings = load('plug.recipe')

recipe     Recipe: the settings, as ``recipe.json``
taught     Taught: the settings with good parts, moves and maps
store      recipes on disk, as a folder or a zip
network    the weights of a recipe, found and checked
moves      moves made one after the other
parts      good parts, ready to be compared
regions    where is inspected, and how sensitively
comparing  a test picture against the good parts that are most like it
teaching   good parts -> a recipe
detector   RecipeDetector
"""

from zeroshot.recipe.store import load as load

__all__ = ['load']
