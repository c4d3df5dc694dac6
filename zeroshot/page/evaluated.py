"""The page of an evaluate folder: figures, curves, groups, failures."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zeroshot.page import charts, document, embedding, markup, results

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
    What the reader has to know, a sentence each; the page says it too.

  Raises:
    ValueError: ``metrics.json`` is damaged, or of something else.
  """
  file = folder / METRICS
  figures = results.read_object(file, remedy=_AGAIN)
  notes: list[str] = []
  try:
    facts = _facts(figures)
    sections = [
      _headline(figures),
      markup.row(_precision_recall(figures), _reliability(figures)),
      markup.row(_misalignment(figures), _groups(figures)),
      markup.row(_confusion(figures), _protocols(figures)),
    ]
  except (
    AttributeError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
  ) as error:
    raise ValueError(
      f'{file}: not the figures of an evaluation ({error!r}); {_AGAIN}'
    ) from error
  sections += [
    _picture(folder / name, title, notes) for name, title in _SHEETS.items()
  ]
  sections.append(_examples(folder, max_pictures, notes))
  name = html.escape(folder.resolve().name)
  told = ''.join(f'<li>{html.escape(note)}</li>' for note in notes)
  body = (
    '<header class="top"><div><p class="eyebrow">zeroshot evaluation</p>'
    f'<h1>{name}</h1></div>{facts}</header><main>'
    + (f'<ul class="notes">{told}</ul>' if told else '')
    + ''.join(sections)
    + '</main><footer></footer>'
  )
  document.write(
    out, title=f'{folder.resolve().name} – zeroshot evaluation', body=body
  )
  return tuple(notes)


# --- Figures --------------------------------------------------------------


def _facts(figures: Mapping[str, Any]) -> str:
  """What was evaluated."""
  settings = figures.get('config', {}).get('eval', {})
  source = settings.get('manifest') or settings.get('root')
  facts = {
    'Pairs from': source,
    'Split': '' if settings.get('manifest') else settings.get('split'),
    'Step of the weights': figures.get('step'),
  }
  return (
    '<dl class="facts">'
    + ''.join(
      f'<div><dt>{name}</dt><dd>{html.escape(str(value))}</dd></div>'
      for name, value in facts.items()
      if value not in (None, '')
    )
    + '</dl>'
  )


def _headline(figures: Mapping[str, Any]) -> str:
  """The first figures, one a tile."""
  official = figures['official']
  low, high = official.get('interval_95') or (None, None)
  chosen = official.get('at_threshold') or {}
  at = f'at threshold {markup.number(chosen.get("threshold"))}'
  good = figures.get('defect_free') or {}
  false = good.get(
    'false_boxes_per_pair_at_threshold', good.get('false_boxes_per_pair')
  )
  six = figures.get('official-6') or {}
  tiles = [
    (
      markup.number(official['ap']),
      f'official AP, 95 % from {markup.number(low)} to {markup.number(high)}',
    ),
    (markup.number(chosen.get('recall')), f'recall {at}'),
    (markup.number(chosen.get('precision')), f'precision {at}'),
    (
      markup.number(false),
      f'false boxes per good pair, {good.get("num_pairs", 0)} pairs',
    ),
    (
      markup.number(six.get('kind_accuracy')),
      'of the defects found are of the right kind',
    ),
    (
      official['num_images'],
      f'pairs with {official["num_ground_truth"]} defects, '
      f'{markup.number(figures.get("seconds_per_pair"), 2)} s each',
    ),
  ]
  return (
    '<section class="tiles" aria-label="Headline figures">'
    + ''.join(
      f'<div class="tile"><b>{markup.text(value)}</b>'
      f'<span>{markup.text(words)}</span></div>'
      for value, words in tiles
    )
    + '</section>'
  )


def _precision_recall(figures: Mapping[str, Any]) -> str:
  title = 'Precision and recall'
  points = figures['official'].get('pr_curve')
  if points is None:
    return markup.missing(title, 'Not measured: evaluate again to have it.')
  if not points['recall'] or points['recall'][0] is None:
    return markup.missing(title, 'Nothing was found, or nothing is there.')
  chosen = figures['official'].get('at_threshold') or {}
  mark = None
  if chosen.get('recall') is not None and chosen.get('precision') is not None:
    text = f'threshold {markup.number(chosen["threshold"])}'
    mark = (chosen['recall'], chosen['precision'], text)
  chart = charts.curve(
    points['recall'],
    points['precision'],
    x_label='recall',
    y_label='precision',
    mark=mark,
  )
  return markup.section(title, chart)


def _reliability(figures: Mapping[str, Any]) -> str:
  bins = figures['official']['reliability']
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


def _misalignment(figures: Mapping[str, Any]) -> str:
  title = 'AP against misalignment'
  found = figures.get('misalignment')
  if not found:
    return markup.missing(
      title,
      'Not measured. To have it, evaluate again with',
      "--config.eval.misalignments='((0,0),(5,1),(10,2.5))'",
    )
  chart = charts.steps(
    [f'{step["shift_px"]:g} px\n{step["rotation_deg"]:g}°' for step in found],
    [step['ap'] for step in found],
    'official AP',
  )
  words = (
    f'Every reference shifted and turned so far, '
    f'{found[0]["num_images"]} pairs each; the detector is not told.'
  )
  return markup.section(title, chart, words)


def _groups(figures: Mapping[str, Any]) -> str:
  names = ('ap', 'precision', 'recall', 'num_images', 'num_ground_truth')
  heads = ('Group', 'AP', 'Precision', 'Recall', 'Pairs', 'Defects')
  lines = [
    [group, *(markup.number(values[name]) for name in names)]
    for group, values in figures['official']['groups'].items()
  ]
  words = (
    'Precision and recall with every box counted, whatever its confidence.'
  )
  return markup.section('Groups', markup.table(heads, lines), words)


def _protocols(figures: Mapping[str, Any]) -> str:
  names = ('ap', 'precision', 'recall')
  heads = ('Protocol', 'AP', 'Precision', 'Recall')
  lines = [
    [words, *(markup.number(figures[name].get(field)) for field in names)]
    for name, words in _PROTOCOLS.items()
    if name in figures
  ]
  return markup.section('Protocols', markup.table(heads, lines))


def _confusion(figures: Mapping[str, Any]) -> str:
  found = (figures.get('official-6') or {}).get('confusion')
  if not found:
    return markup.missing('Kinds', 'Not measured: evaluate again to have it.')
  counts = found['counts']
  columns, rows = [*found['kinds'], 'missed'], [*found['kinds'], 'false alarm']
  heads = ''.join(
    f'<th scope="col" class="number">{markup.text(kind)}</th>'
    for kind in columns
  )
  lines = ''.join(
    f'<tr><th scope="row">{markup.text(kind)}</th>'
    + ''.join(_count(number, a == b) for b, number in enumerate(numbers))
    + '</tr>'
    for a, (kind, numbers) in enumerate(zip(rows, counts, strict=True))
  )
  table = markup.wide(
    '<table class="confusion"><thead><tr><th scope="col">True kind</th>'
    f'{heads}</tr></thead><tbody>{lines}</tbody></table>'
  )
  words = 'Rows are the true kinds, columns what was found.'
  return markup.section('Kinds', table, words)


def _count(number: Any, is_right: bool) -> str:
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
