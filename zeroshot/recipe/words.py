"""What good parts say of their recipe, and how certain that is, in words.

text = words.verdict([1.0, 1.1, 4.0], places, [0, 1, 2], frame=(480, 640))
text = words.certainty(1, 10, 0.1)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import stats

from zeroshot.types import HostArray

ONE_PART = '1 part: nothing is known of how good parts differ'
ONE_PART_CERTAINTY = (
  'one good part tells nothing of false boxes; teach five or more'
)
_FEW = 5  # parts, of which little can be learned
_ODD = 1.6  # times what silences the other parts
_SURE = 0.95
_ROWS, _COLUMNS = ('upper', '', 'lower'), ('left', '', 'right')
_RIM_SHARE = 0.12  # of a side of the frame: nearer to it is the rim


def verdict(
  needed: Sequence[float],
  places: Sequence[HostArray],
  indices: Sequence[int],
  *,
  frame: tuple[int, int],
) -> str:
  """A verdict on the recipe.

  Args:
    needed: the least tolerance at which each part has no false box.
    places: boxes ``[K, 4]`` of the frame where each part differs from the
      others.
    indices: of the parts among all good parts, from 0.
    frame: height and width, pixels.

  Returns:
    ``'12 parts, stable'``, or what to look at.
  """
  num = len(needed)
  sayings = []
  if num >= 3:
    odd = int(np.argmax(needed))
    others = [value for index, value in enumerate(needed) if index != odd]
    if needed[odd] > max(1.0, _ODD * float(np.median(others))):
      where = _largest(places[odd], frame)
      sayings.append(f'part {indices[odd] + 1} is the odd one{where}')
      places = [p for index, p in enumerate(places) if index != odd]
  counts = Counter(
    area for boxes in places for area in {_area(box, frame) for box in boxes}
  )
  for area, count in counts.most_common(1):
    if count >= max(2, 0.25 * num):
      sayings.append(f'{area} differs between takes ({count} of {num} parts)')
  if not sayings:
    few = '' if num >= _FEW else f'; teach {_FEW} or more to be sure'
    return f'{num} parts, stable{few}'
  return f'{num} parts: {"; ".join(sayings)}: look, or leave it out'


def certainty(left: int, num: int, asked: float) -> str:
  """How certain the rate of false boxes is.

  Args:
    left: false boxes of all parts, each left out in turn.
    num: of parts.
    asked: false boxes for each part that were asked for.
  """
  most = stats.chi2.ppf(_SURE, 2 * (left + 1)) / 2 / num
  text = (
    f'with {num} parts, each left out in turn, {left} false '
    f'{"box was" if left == 1 else "boxes were"} left ({left / num:.2f} a '
    f'part, {asked:g} asked); so few parts tell with {_SURE:.0%} certainty no '
    f'more than that there are at most {most:.2f} a part'
  )
  if left > asked * num:
    text += '; more was asked than these parts allow: teach others, or ignore'
  return text


def _largest(boxes: HostArray, frame: tuple[int, int]) -> str:
  """Where the largest of some boxes lies, as an addition to a sentence."""
  if not len(boxes):
    return ''
  sides = boxes[:, 2:] - boxes[:, :2]
  box = boxes[int(np.argmax(sides.prod(axis=1)))]
  x1, y1, x2, y2 = np.clip(box, 0, [*frame[::-1], *frame[::-1]]).round()
  return f', at {_area(box, frame)} ({x1:.0f},{y1:.0f},{x2:.0f},{y2:.0f})'


def _area(box: HostArray, frame: tuple[int, int]) -> str:
  """The name of where a box lies in the frame."""
  height, width = frame
  x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
  row = _ROWS[min(max(int(3 * y), 0), 2)]
  column = _COLUMNS[min(max(int(3 * x), 0), 2)]
  if min(x, y, 1 - x, 1 - y) < _RIM_SHARE:
    nearest = np.argmin([x, 1 - x, y, 1 - y])
    return f'the {("left", "right", "upper", "lower")[nearest]} rim'
  return f'the {" ".join(filter(None, (row, column))) or "middle"}'
