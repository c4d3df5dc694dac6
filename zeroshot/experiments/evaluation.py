"""Evaluates weights on labelled pairs and writes the results.

metrics = evaluation.evaluate(config, weights, out)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from zeroshot.data import deeppcb, manifest, readable
from zeroshot.evaluate import pairs
from zeroshot.evaluate.protocols import PictureResult, evaluate_detections
from zeroshot.experiments import evaluation_extras as extras
from zeroshot.experiments import evaluation_misalignments as misalignments
from zeroshot.experiments import evaluation_pictures as shown
from zeroshot.experiments import evaluation_zips, loading, pair_shards
from zeroshot.run_config import compatibility
from zeroshot.runtime import broadcast, json_text
from zeroshot.types import HostArray
from zeroshot.weights import files


def evaluate(
  config: ml_collections.ConfigDict, weights: files.Weights, out: Path
) -> dict[str, Any]:
  """Detects on every pair and writes the results.

  Where several processes run this, each detects on its share of the pairs, and
  process 0 does the rest.

  Args:
    config: the whole config.
    weights: what is evaluated.
    out: folder for the results; made where it is missing.

  Returns:
    The content of ``metrics.json``; nothing in processes other than 0.

  Raises:
    ValueError: for settings, pairs or a bank that cannot be, before the first
      detection; all pictures that cannot be read are named.
  """
  check(config)
  entries = list_evaluated(config.eval)
  readable.check_pairs(entries)
  bank = extras.load_bank(config)
  detector = loading.build_detector(config, weights)
  examine = functools.partial(
    pairs.evaluate_pair,
    detector=detector,
    moves=config.eval.misalign.to_dict(),
    swap=config.eval.swap,
  )
  examined = pair_shards.map_across_processes(
    len(entries), lambda index: pair_shards.pack(examine(entries[index]))
  )
  takes = extras.look_at_second_takes(config, entries, detector)
  moved = misalignments.look(config.eval, entries, detector)
  figures: dict[str, Any] = {}

  def finish() -> bytes:
    results, seconds = zip(*map(pair_shards.unpack, examined), strict=True)
    figures.update(measure(config, weights, results, takes))
    if config.eval.synthetic_pairs:
      figures['synthetic'] = extras.measure_synthetic(config, detector, bank)
    figures['seconds_per_pair'] = float(np.median(seconds))
    if moved:
      figures['misalignment'] = misalignments.measure(config.eval, moved)
    figures['config'] = compatibility.plain_config(config)
    figures['step'] = weights.step
    write(out, config, entries, examine, results, figures)
    return b''

  broadcast.from_first(finish)  # the others wait: who leaves early ends the run
  return figures


def measure(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  results: Sequence[PictureResult],
  takes: Sequence[HostArray],
) -> dict[str, Any]:
  """The figures of the real pairs, and of the defect-free ones if any."""
  settings = config.eval
  stored = weights.calibration
  threshold = float(stored['threshold']) if stored else None
  figures: dict[str, Any] = evaluate_detections(
    results,
    iou_threshold=settings.iou_threshold,
    box_margin_px=settings.box_margin_px.to_dict(),
    bootstrap_samples=settings.bootstrap_samples,
    seed=config.seed,
    threshold=threshold,
  )
  if takes:
    figures['defect_free'] = extras.measure_defect_free(
      takes, threshold=threshold
    )
  return figures


def list_evaluated(
  settings: ml_collections.ConfigDict,
) -> list[manifest.LabelledPair]:
  """The pairs that ``config.eval`` names.

  Raises:
    ValueError: a set is missing, or two are named; see ``deeppcb.list_pairs``
      and ``manifest.read_manifest``.
  """
  if not settings.manifest:
    return manifest.labelled_pairs(
      deeppcb.list_pairs(
        settings.root,
        settings.split,
        groups=settings.groups,
        every=settings.every,
        max_pairs=settings.max_pairs,
      )
    )
  if settings.root:
    raise ValueError(
      'eval.root and eval.manifest are both given; give one of them'
    )
  deeppcb.check_selection(every=settings.every, max_pairs=settings.max_pairs)
  found = manifest.in_groups(
    manifest.read_manifest(settings.manifest),
    settings.groups,
    field='eval.groups',
  )
  return found[:: settings.every][: settings.max_pairs or None]


def check(config: ml_collections.ConfigDict) -> None:
  """Refuses what would fail only after all pairs are done.

  Raises:
    ValueError: a number of ``config.eval`` is out of its range, or synthetic
      pairs need photographs that are not there.
  """
  settings = config.eval
  for name in (
    'synthetic_pairs',
    'pictures',
    'defect_free_pairs',
    'worst',
    'bootstrap_samples',
    'misalignment_pairs',
  ):
    if settings[name] < 0:
      raise ValueError(f'eval.{name} is {settings[name]}; give 0 or more')
  if not 0 <= settings.iou_threshold < 1:
    raise ValueError(
      f'eval.iou_threshold is {settings.iou_threshold}; give one in [0, 1)'
    )
  misalignments.check(settings)
  photographs = config.synthesis.backgrounds.photographs > 0
  if settings.synthetic_pairs and photographs and not config.synthesis.bank:
    raise ValueError(
      'eval.synthetic_pairs needs photographs but synthesis.bank is empty; '
      'give --config.synthesis.bank=FILE.npz or --config.eval.synthetic_pairs=0'
    )


def write(
  out: Path,
  config: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  examine: Callable[[manifest.LabelledPair], pairs.Evaluated],
  results: Sequence[PictureResult],
  figures: Mapping[str, Any],
) -> None:
  """Writes the files of an evaluation."""
  settings = config.eval
  (out / 'pictures').mkdir(parents=True, exist_ok=True)
  for index in sorted(extras.spread(len(entries), settings.pictures)):
    file = out / 'pictures' / f'{entries[index].name}.png'
    shown.write_pair(file, examine(entries[index]))
  margin_px = settings.box_margin_px.official
  by_name = {entry.name: entry for entry in entries}
  shown.write_sheets(
    out,
    results,
    lambda name: examine(by_name[name]),
    margin_px=margin_px,
    iou_threshold=settings.iou_threshold,
    count=settings.worst,
  )
  shown.write_reliability(
    out / 'reliability.png', figures['official']['reliability']
  )
  shown.write_confusion(out, figures['official-6']['confusion'])
  evaluation_zips.write(out, results, margin_px=margin_px)
  (out / 'metrics.json').write_text(json_text.to_json(figures) + '\n')
