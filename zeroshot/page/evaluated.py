"""The page of an evaluate folder: metrics, curves, groups, failures.

notes = evaluated.write(Path('results'), Path('report.html'), max_pictures=12)
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from zeroshot.page import charts, document, embedding, markup, results
from zeroshot.types import JsonObject

METRICS = 'metrics.json'

_AGAIN = 'run launch.evaluate again'
_SHEETS = {
  'false_alarms.png': 'Worst false alarms',
  'misses.png': 'Worst misses',
  'wrong_kinds.png': 'Worst wrong kinds',
}
_PROTOCOLS = {
  'official': 'DeepPCB, one class',
  'official-6': 'DeepPCB, six kinds',
  'shrunk': 'truth at half its sides',
  'as-published': 'ranked by the answer, as published',
  'coco': 'COCO, one class',
  'coco-6': 'COCO, six kinds',
}


def write(folder: Path, out: Path, *, max_pictures: int) -> tuple[str, ...]:
  """Writes the page.

  Args:
    folder: that ``launch.evaluate --out`` wrote.
    out: the HTML file.
    max_pictures: of the pairs in ``pictures/``, at most.

  Returns:
    Notes for the reader, a sentence each, which the page also shows.

  Raises:
    ValueError: ``metrics.json`` is missing, damaged, or of something else.
  """
  file = folder / METRICS
  metrics = results.read_object(file, remedy=_AGAIN)
  try:
    facts = _facts(metrics)
    sections = [
      _headline(metrics),
      markup.row(_precision_recall(metrics), _reliability(metrics)),
      markup.row(_misalignment(metrics), _groups(metrics)),
      markup.row(_confusion(metrics), _protocols(metrics)),
    ]
  except (
    AttributeError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
  ) as error:
    raise ValueError(
      f'{file}: not the metrics of an evaluation ({error!r}); {_AGAIN}'
    ) from error
  notes: list[str] = []
  sections += [
    _picture(folder / name, title, notes) for name, title in _SHEETS.items()
  ]
  sections.append(_examples(folder, max_pictures, notes))
  name = folder.resolve().name
  document.write(
    out,
    title=f'{name} – zeroshot evaluation',
    body=_body(name, facts, sections, notes),
  )
  return tuple(notes)


def _body(
  name: str, facts: str, sections: Sequence[str], notes: Sequence[str]
) -> str:
  """The page below its frame."""
  items = ''.join(f'<li>{html.escape(note)}</li>' for note in notes)
  return (
    '<header class="top"><div><p class="eyebrow">zeroshot evaluation</p>'
    f'<h1>{html.escape(name)}</h1></div>{facts}</header><main>'
    + (f'<ul class="notes">{items}</ul>' if items else '')
    + ''.join(sections)
    + '</main><footer></footer>'
  )


# --- Metrics --------------------------------------------------------------


def _facts(metrics: JsonObject) -> str:
  """What was evaluated."""
  settings = metrics['config']['eval']
  source = settings['manifest'] or settings['root']
  facts = {
    'Pairs from': source,
    'Split': '' if settings['manifest'] else settings['split'],
    'Step of the weights': metrics['step'],
  }
  return (
    '<dl class="facts">'
    + ''.join(
      f'<div><dt>{name}</dt><dd>{html.escape(str(value))}</dd></div>'
      for name, value in facts.items()
      if value != ''
    )
    + '</dl>'
  )


def _headline(metrics: JsonObject) -> str:
  """The main metrics, one a tile."""
  official = metrics['official']
  low, high = official['interval_95']
  point = official.get('at_threshold', {})
  at = f'at threshold {markup.number(point.get("threshold"))}'
  good = metrics.get('defect_free', {})
  false_boxes = good.get(
    'false_boxes_per_pair_at_threshold', good.get('false_boxes_per_pair')
  )
  interval = f'95 % from {markup.number(low)} to {markup.number(high)}'
  seconds = markup.number(metrics['seconds_per_pair'], 2)
  pairs = f'pairs with {official["num_ground_truth"]} defects, {seconds} s each'
  accuracy = metrics['official-6']['kind_accuracy']
  tiles = {
    f'official AP, {interval}': markup.number(official['ap']),
    f'recall {at}': markup.number(point.get('recall')),
    f'precision {at}': markup.number(point.get('precision')),
    f'false boxes per good pair, {good.get("num_pairs", 0)} pairs': (
      markup.number(false_boxes)
    ),
    'of the defects found are of the right kind': markup.number(accuracy),
    pairs: official['num_images'],
  }
  return (
    '<section class="tiles" aria-label="Main metrics">'
    + ''.join(
      f'<div class="tile"><b>{markup.text(value)}</b>'
      f'<span>{markup.text(words)}</span></div>'
      for words, value in tiles.items()
    )
    + '</section>'
  )


def _precision_recall(metrics: JsonObject) -> str:
  title = 'Precision and recall'
  points = metrics['official'].get('pr_curve')
  if points is None:  # of an older version
    return markup.missing(title, 'Not measured: evaluate again to have it.')
  if not points['recall'] or points['recall'][0] is None:
    return markup.missing(title, 'Nothing was found, or nothing is there.')
  point = metrics['official'].get('at_threshold')
  mark = None
  if point and None not in (point['recall'], point['precision']):
    text = f'threshold {markup.number(point["threshold"])}'
    mark = (point['recall'], point['precision'], text)
  chart = charts.curve(
    points['recall'],
    points['precision'],
    x_label='recall',
    y_label='precision',
    mark=mark,
  )
  return markup.section(title, chart)


def _reliability(metrics: JsonObject) -> str:
  bins = metrics['official']['reliability']
  error = markup.number(bins['expected_calibration_error'])
  chart = charts.reliability(
    bins['mean_confidence'],
    bins['share_correct'],
    bins['low'],
    bins['high'],
    bins['num_detections'],
  )
  words = (
    f'On the dashed line a confidence is a probability; expected calibration '
    f'error {error}. Bars: how many boxes.'
  )
  return markup.section('Reliability of confidences', chart, words)


def _misalignment(metrics: JsonObject) -> str:
  title = 'AP against misalignment'
  steps = metrics.get('misalignment')
  if not steps:
    return markup.missing(
      title,
      'Not measured. To have it, evaluate again with',
      "--config.eval.misalignments='((0,0),(5,1),(10,2.5))'",
    )
  chart = charts.steps(
    [f'{step["shift_px"]:g} px\n{step["rotation_deg"]:g}°' for step in steps],
    [step['ap'] for step in steps],
    'official AP',
  )
  words = (
    f'Every reference shifted and turned so far, '
    f'{steps[0]["num_images"]} pairs each; the detector is not told.'
  )
  return markup.section(title, chart, words)


def _groups(metrics: JsonObject) -> str:
  names = ('ap', 'precision', 'recall', 'num_images', 'num_ground_truth')
  heads = ('Group', 'AP', 'Precision', 'Recall', 'Pairs', 'Defects')
  lines = [
    [group, *(markup.number(values[name]) for name in names)]
    for group, values in metrics['official']['groups'].items()
  ]
  words = (
    'Precision and recall with every box counted, whatever its confidence.'
  )
  return markup.section('Groups', markup.table(heads, lines), words)


def _protocols(metrics: JsonObject) -> str:
  names = ('ap', 'precision', 'recall')
  heads = ('Protocol', 'AP', 'Precision', 'Recall')
  lines = [
    [words, *(markup.number(metrics[name][field]) for field in names)]
    for name, words in _PROTOCOLS.items()
  ]
  return markup.section('Protocols', markup.table(heads, lines))


def _confusion(metrics: JsonObject) -> str:
  confusion = metrics['official-6']['confusion']
  kinds, counts = confusion['kinds'], confusion['counts']
  heads = ''.join(
    f'<th scope="col" class="number">{markup.text(kind)}</th>'
    for kind in (*kinds, 'missed')
  )
  lines = ''.join(
    f'<tr><th scope="row">{markup.text(kind)}</th>'
    + ''.join(_count(number, a == b) for b, number in enumerate(numbers))
    + '</tr>'
    for a, (kind, numbers) in enumerate(
      zip((*kinds, 'false alarm'), counts, strict=True)
    )
  )
  table = markup.wide(
    '<table class="confusion"><thead><tr><th scope="col">True kind</th>'
    f'{heads}</tr></thead><tbody>{lines}</tbody></table>'
  )
  words = 'Rows are the true kinds, columns what was found.'
  return markup.section('Kinds', table, words)


def _count(number: object, is_right: bool) -> str:
  kind = 'zero' if not number else 'right' if is_right else 'wrong'
  return f'<td class="{kind}">{markup.text(number)}</td>'


# --- Pictures -------------------------------------------------------------


def _picture(file: Path, title: str, notes: list[str]) -> str:
  """A section of one picture; what is missing is noted."""
  try:
    uri = embedding.embed(file)
  except ValueError as error:
    notes.append(f'{title}: {error}')
    return markup.missing(title, 'The picture is missing.')
  return markup.section(title, markup.image(uri, title))


def _examples(folder: Path, count: int, notes: list[str]) -> str:
  """Some pairs: reference, test picture with boxes, score map."""
  files = sorted((folder / 'pictures').glob('*.png'))
  if len(files) > count:
    notes.append(
      f'{len(files) - count} of {len(files)} example pairs are left out; give '
      '--max_pictures for more.'
    )
  parts = []
  for file in files[:count]:
    try:
      uri = embedding.embed(file)
    except ValueError as error:
      notes.append(str(error))
      continue
    picture = markup.image(uri, file.stem)
    parts.append(f'<h3>{markup.text(file.stem)}</h3>{picture}')
  if not parts:
    return markup.missing('Pairs', 'There is no picture in pictures/.')
  words = 'Reference; test with boxes, found in red and true in green; scores.'
  return markup.section('Pairs', ''.join(parts), words)
