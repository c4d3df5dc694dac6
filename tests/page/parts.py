"""Folders as ``zeroshot inspect`` and ``launch.evaluate`` write them."""

from __future__ import annotations

import json

import numpy as np

from zeroshot.data import pictures
from zeroshot.evaluate import protocols
from zeroshot.runtime import json_text
from zeroshot.types import Boxes

THRESHOLD = 0.5
WIDTH, HEIGHT = 64, 48
HOSTILE = (
  '<script>window.hacked = 1</script>',
  '"><img src=x onerror="window.hacked = 1">',
  '</script><!--<script>\' & "quoted"',
)


def box(confidence, kind='spur', at=10):
  return {
    'x1': at,
    'y1': at,
    'x2': at + 12,
    'y2': at + 9,
    'confidence': confidence,
    'kind': kind,
  }


def line(row, name, *candidates):
  """A line of a pair that was inspected, its boxes as (confidence, kind)."""
  all_boxes = [
    box(*candidate, at=4 + 9 * index)
    for index, candidate in enumerate(candidates)
  ]
  boxes = [one for one in all_boxes if one['confidence'] >= THRESHOLD]
  return {
    'row': row,
    'name': name,
    'verdict': 'different' if boxes else 'same',
    'boxes': boxes,
    'threshold': THRESHOLD,
    'registration': {
      'method': 'affine',
      'shift_px': 1.5,
      'rotation_deg': 0.2,
      'scale': 1.0,
      'residual_px': None,
      'probability': 0.97,
      'coverage': 0.875,
      'max_local_px': 3.0,
    },
    'seconds': 0.25 * row,
    'candidates': all_boxes,
    'width': WIDTH,
    'height': HEIGHT,
    'pictures': f'pairs/{row:04d}',
  }


def not_aligned(row, name):
  """A line of a pair that could not be aligned."""
  return {
    'row': row,
    'name': name,
    'verdict': 'error',
    'error': f'could not align: {HOSTILE[1]} do not show the same part',
    'reason': 'could not align',
    'probability': 0.02,
    'pictures': f'pairs/{row:04d}',
  }


def with_field(record):
  """The line, of a pair with a local field: up to 3 px to the left."""
  nodes = [[x, y, 3.0, 0.0] for x in (8.0, 56.0) for y in (8.0, 40.0)]
  return {**record, 'local_field': nodes, 'warnings': [HOSTILE[0]]}


def lines():
  """Three pairs that differ, one that does not, one error."""
  return [
    line(1, 'part 10', (0.9, 'spur'), (0.6, 'open'), (0.2, 'short')),
    line(2, 'part 9', (0.7, 'short')),
    line(3, HOSTILE[0], (0.95, HOSTILE[1])),
    line(4, HOSTILE[2], (0.3, 'scratch')),
    {
      'row': 5,
      'name': HOSTILE[1],
      'verdict': 'error',
      'error': f'{HOSTILE[0]}: the picture is cut short',
    },
  ]


def write_inspected(folder, rows):
  """Writes the folder of an inspection; references are dark, tests bright."""
  folder.mkdir(parents=True, exist_ok=True)
  settings = {
    'weights': 'default',
    'threshold': THRESHOLD,
    'manifest': 'pairs.csv',
    'rows': len(rows),
    'roi': None,
    'ignore': None,
    'version': '0.1.0',
  }
  (folder / 'run.json').write_text(json.dumps(settings))
  text = ''.join(json.dumps(row) + '\n' for row in rows)
  (folder / 'results.jsonl').write_text(text)
  for row in rows:
    if 'pictures' not in row:
      continue
    place = folder / row['pictures']
    place.mkdir(parents=True, exist_ok=True)
    size = (row.get('height', HEIGHT), row.get('width', WIDTH), 3)
    kinds = {'reference': 0.1, 'test': 0.9}
    if row['verdict'] == 'error':
      kinds = {'alignment': 0.5}
    if 'local_field' in row:
      valid = np.ones(size, np.float32)
      valid[:, :8] = 0
      pictures.write_picture(place / 'valid.png', valid)
    for name, value in kinds.items():
      image = np.full(size, value, np.float32)
      pictures.write_picture(place / f'{name}.png', image)
  return folder


def write_evaluated(folder):
  """Writes the folder of an evaluation of two small pictures."""
  truth = Boxes(
    np.array([[5, 5, 15, 15], [30, 20, 45, 35]], np.float32),
    np.ones(2, np.float32),
    ('open', 'spur'),
  )
  detected = Boxes(
    np.array([[5, 5, 15, 15], [28, 20, 45, 35], [50, 0, 60, 9]], np.float32),
    np.array([0.9, 0.8, 0.3], np.float32),
    ('open', 'short', 'spur'),
  )
  metrics = protocols.evaluate_detections(
    [
      protocols.PictureResult(name, name, HEIGHT, WIDTH, truth, detected)
      for name in ('a', '<b>')
    ],
    iou_threshold=0.33,
    box_margin_px=dict(official=0, shrunk=0, as_published=0, coco=0),
    bootstrap_samples=5,
    seed=0,
    threshold=0.5,
  )
  content = metrics.to_json() | {
    'seconds_per_pair': 0.1,
    'step': 7,
    'config': {'eval': {'root': '<root>', 'manifest': '', 'split': 'all'}},
  }
  (folder / 'pictures').mkdir(parents=True)
  (folder / 'metrics.json').write_text(json_text.to_json(content))
  image = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
  for name in (
    'false_alarms',
    'misses',
    'wrong_kinds',
    'pictures/a',
    'pictures/b',
  ):
    pictures.write_picture(folder / f'{name}.png', image)
  return folder
