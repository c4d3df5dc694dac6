"""The keys of ``metrics.json`` and the files of an evaluation."""

from __future__ import annotations

METRICS = {
  'ap',
  'precision',
  'recall',
  'f_score',
  'num_images',
  'num_ground_truth',
  'num_detections',
}
DETAILS = {
  'ap_50',
  'ap_75',
  'max_recall',
  'interval_95',
  'pr_curve',
  'groups',
  'reliability',
}
KINDS = {
  'kinds',
  'voc_mean_ap',
  'voc_mean_ap_50',
  'kind_accuracy',
  'confusion',
}
PROTOCOLS = (
  'official',
  'official-6',
  'shrunk',
  'as-published',
  'coco',
  'coco-6',
)
SHEETS = ('false_alarms.png', 'misses.png', 'reliability.png', 'confusion.png')
FILES = {
  'metrics.json',
  'detections.zip',
  'detections-6.zip',
  'pictures',
  'wrong_kinds.png',
  'confusion.md',
  *SHEETS,
}
