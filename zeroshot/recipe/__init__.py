"""One product: good parts, what they teach, inspection with it.

  from zeroshot.recipe import load

  settings = load('plug.recipe')

recipe      Recipe: the settings, as ``recipe.json``
taught      Taught: the settings with good parts, moves and maps
store       recipes on disk, as a folder or a zip
history     the lines of ``history.jsonl``
network     the weights of a recipe, found and checked
moves       moves made one after the other
parts       good parts, ready to be compared
appearance  what good parts look like at each place
regions     where is inspected, and how sensitively
aligning    the frame and a picture, by what lies there
comparing   a test picture against the good parts
learning    what good parts teach, each left out in turn
words       that in words
variation   how far good parts are from each other, as a picture
summary     what a folder of results keeps of its recipe
teaching    good parts -> a recipe
not_aligned a part that cannot be aligned, as a verdict
accepting   a part that was good joins the good parts
pictures    names on a command line -> picture files
detector    RecipeDetector
"""

from zeroshot.recipe.store import load as load

__all__ = ['load']
