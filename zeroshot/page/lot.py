"""The page of a lot: verdicts over time, and where the differences were.

notes = lot.write(Path('results'), Path('report.html'), max_pictures=200)
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.inspection import lot, result
from zeroshot.inspection.result_records import ERROR
from zeroshot.page import charts, document, embedding, markup
from zeroshot.types import HostArray, JsonObject

_VERDICTS = (result.SAME, result.DIFFERENT, ERROR)
_MOST_BINS = 40  # of the chart over time
_MOST_READ = 2000  # results whose boxes are drawn, the last ones
_HEAT_PX = 800  # longer side of the heat map
_HEAT_OPACITY = 0.6
_NUM_LAST = 50  # parts in the table


def write(folder: Path, out: Path, *, max_pictures: int) -> tuple[str, ...]:
  """Writes the page.

  Args:
    folder: that ``zeroshot watch --out`` wrote, or is writing.
    out: the HTML file.
    max_pictures: 0 leaves the heat map out.

  Returns:
    Notes for the reader, a sentence each, which the page also shows.

  Raises:
    ValueError: the lot is of something else, or nothing was judged yet.
  """
  verdicts: list[str] = []
  marked: deque[str] = deque(maxlen=_MOST_READ)
  last: deque[dict[str, str]] = deque(maxlen=_NUM_LAST)
  good = first = final = ''
  for row in lot.read(folder):
    verdicts.append(row['verdict'])
    first, final = first or row['time'], row['time']
    if row['verdict'] == result.DIFFERENT:
      marked.append(row['result'])
    if row['verdict'] == result.SAME:
      good = row['result']
    else:
      last.appendleft(row)
  if not verdicts:
    raise ValueError(f'{folder / lot.LOT}: nothing was judged yet')
  sections = [_over_time(verdicts, first, final)]
  if max_pictures and marked:
    sections.append(_heat(folder, marked, good or marked[-1]))
  sections.append(_table(last))
  document.write(
    out,
    title=f'Lot: {folder.resolve().name}',
    body=_head(folder, verdicts)
    + ''.join(sections)
    + '</main><footer></footer>',
  )
  return ()


def _head(folder: Path, verdicts: Sequence[str]) -> str:
  """The name of the lot and its counts."""
  counts = Counter(verdicts)
  tiles = ''.join(
    f'<div class="tile {verdict}"><b>{counts[verdict]}</b><span>{verdict}, '
    f'{counts[verdict] / len(verdicts):.1%}</span></div>'
    for verdict in _VERDICTS
  )
  name = markup.text(folder.resolve().name)
  return (
    '<header class="top"><div><p class="eyebrow">zeroshot watch, '
    f'{len(verdicts)} parts</p><h1>{name}</h1></div></header><main>'
    f'<section class="tiles" aria-label="Verdicts">{tiles}</section>'
  )


def _over_time(verdicts: Sequence[str], first: str, final: str) -> str:
  """The chart of the verdicts, in the order in which they were given."""
  num_bins = min(_MOST_BINS, len(verdicts))
  bins = [
    Counter(verdicts[len(verdicts) * i // num_bins :][: _size(verdicts, i)])
    for i in range(num_bins)
  ]
  chart = charts.stacked(
    [[each[verdict] for verdict in _VERDICTS] for each in bins],
    kinds=_VERDICTS,
    y_label='share of the parts',
  )
  return markup.section(
    'Verdicts over time',
    chart,
    f'From {first} to {final}; parts in each bar: about '
    f'{len(verdicts) / num_bins:.0f}. Same is below, then different, then '
    'those without a verdict.',
  )


def _size(verdicts: Sequence[str], index: int) -> int:
  """Number of parts of a bar."""
  total, num_bins = len(verdicts), min(_MOST_BINS, len(verdicts))
  return total * (index + 1) // num_bins - total * index // num_bins


def _heat(folder: Path, names: Sequence[str], shown: str) -> str:
  """Where the boxes lay, over the picture of a part."""
  records = [_read(folder / name) for name in names]
  known = [each for each in records if each is not None]
  place = folder / Path(shown).with_suffix('.png').name
  try:
    picture = pictures.as_uint8(pictures.read_pixels(place))
  except ValueError as error:
    return markup.missing('Where the differences were', str(error))
  height, width = picture.shape[:2]
  scale = _HEAT_PX / max(height, width)
  size = (max(1, round(width * scale)), max(1, round(height * scale)))
  heat = np.zeros(size[::-1], np.float32)
  for record in known:
    mark_boxes(heat, record)
  words = (
    f'The boxes of the last {len(known)} parts that differ, over one that is '
    f'{result.SAME if shown not in names else result.DIFFERENT}. At the '
    f'brightest place {heat.max():.0f} parts have one.'
  )
  drawn = blend(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), heat)
  return markup.section(
    'Where the differences were',
    f'<img class="fit" src="{embedding.encode(drawn)}" '
    'alt="heat map of the boxes">',
    words,
  )


def mark_boxes(heat: HostArray, record: JsonObject) -> None:
  """Adds 1 wherever a part has a box, once for each part.

  Args:
    heat: float32 ``[H, W]`` over the whole picture, changed in place.
    record: of the part, with ``boxes``, ``width`` and ``height``.
  """
  height, width = heat.shape
  marked = np.zeros(heat.shape, bool)
  for box in record['boxes']:
    x1, x2 = (box[s] * width / record['width'] for s in ('x1', 'x2'))
    y1, y2 = (box[s] * height / record['height'] for s in ('y1', 'y2'))
    rows = slice(int(y1), max(int(np.ceil(y2)), int(y1) + 1))
    marked[rows, int(x1) : max(int(np.ceil(x2)), int(x1) + 1)] = True
  heat += marked


def blend(picture: HostArray, heat: HostArray) -> HostArray:
  """Lays a heat map over a grey copy of a picture.

  Args:
    picture: uint8 ``[H, W, 3]``, RGB.
    heat: float32 ``[H, W]``, 0 or more; 0 shows the picture alone.

  Returns:
    uint8 ``[H, W, 3]``, RGB.
  """
  level = heat / max(float(heat.max()), 1.0)
  colours = cv2.applyColorMap(
    np.rint(level * 255).astype(np.uint8), cv2.COLORMAP_HOT
  )[..., ::-1]
  grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., np.newaxis]  # [H, W, 1]
  share = _HEAT_OPACITY * (heat > 0)[..., np.newaxis]
  return np.rint(grey * (1 - share) + colours * share).astype(np.uint8)


def _table(last: Sequence[dict[str, str]]) -> str:
  """The last parts that are not the same."""
  if not last:
    return markup.missing('Parts to look at', 'Every part is the same.')
  heads = ['part', 'verdict', 'differences', 'severity', 'time', 'why']
  lines = [
    [
      *(row['name'], row['verdict'], row['boxes'], row['max_severity']),
      *(row['time'], row['error']),
    ]
    for row in last
  ]
  return markup.section(
    'Parts to look at', markup.table(heads, lines), 'The last ones come first.'
  )


def _read(file: Path) -> JsonObject | None:
  """The record of a part; None if it is damaged, or of an older version."""
  try:
    record = json.loads(file.read_text('utf-8'))
    sizes = [float(record[name]) for name in ('width', 'height')]
    boxes = [float(box[s]) for box in record['boxes'] for s in _SIDES]
  except (OSError, ValueError, KeyError, TypeError):
    return None
  ok = min(sizes) > 0 and all(0 <= side <= max(sizes) for side in boxes)
  return record if ok else None


_SIDES = ('x1', 'y1', 'x2', 'y2')
