"""Evaluates a run, or a weights file, on the pairs of a split.

  python -m launch.evaluate --config=configs/default.py --workdir=runs/default \
      --config.eval.root=PCBData --config.eval.split=trainval --out=results

Writes ``metrics.json``, ``detections.zip`` (the benchmark's own format) and
``pictures/`` into ``--out``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np
from absl import flags, logging

from launch import command
from zeroshot import checkpoints
from zeroshot.data import bank as bank_files
from zeroshot.data import deeppcb, pictures
from zeroshot.detect.boxes import grow
from zeroshot.detect.detector import build_detector
from zeroshot.evaluate import benchmark_files, json_text, pairs
from zeroshot.evaluate.protocols import PictureResult, evaluate_detections
from zeroshot.evaluate.synthetic import synthetic_metrics
from zeroshot.model.build import build_model
from zeroshot.report import drawing
from zeroshot.train import resume

LOG_EVERY = 100


def main(argv: Sequence[str]) -> None:
  """Loads parameters, detects on every pair, writes the figures."""
  del argv
  command.show_log_lines()
  config, out = flags.FLAGS.config, Path(flags.FLAGS.out)
  parameters, saved, step = load(flags.FLAGS.workdir, flags.FLAGS.weights)
  resume.check_same_model(saved, resume.plain_config(config))
  settings = config.eval
  entries = deeppcb.list_pairs(
    settings.root,
    settings.split,
    groups=settings.groups,
    max_pairs=settings.max_pairs,
  )
  (out / 'pictures').mkdir(parents=True, exist_ok=True)

  detector = build_detector(config.model, config.detect, parameters)
  results, seconds = [], []
  drawn = set(
    np.linspace(0, len(entries) - 1, settings.pictures).astype(int).tolist()
  )
  for index, entry in enumerate(entries):
    done = pairs.evaluate_pair(
      entry, detector, moves=settings.misalign.to_dict()
    )
    results.append(done.result)
    seconds.append(done.seconds)
    if index in drawn:
      draw(out / 'pictures' / f'{entry.name}.png', done)
    if (index + 1) % LOG_EVERY == 0:
      logging.info('%d of %d pairs', index + 1, len(entries))

  margins = settings.box_margin_px.to_dict()
  figures: dict[str, Any] = evaluate_detections(
    results,
    iou_threshold=settings.iou_threshold,
    box_margin_px=margins,
    bootstrap_samples=settings.bootstrap_samples,
    seed=config.seed,
  )
  if settings.synthetic_pairs:
    figures['synthetic'] = measure_synthetic(config, parameters)
  figures['seconds_per_pair'] = float(np.median(seconds))
  figures['config'] = resume.plain_config(config)
  figures['step'] = step
  write_zip(out / 'detections.zip', results, margin_px=margins['official'])
  (out / 'metrics.json').write_text(json_text.to_json(figures) + '\n')
  official = figures['official']
  print(
    f'official AP {official["ap"]:.4f} on {official["num_images"]} pairs; '
    f'all figures in {out / "metrics.json"}'
  )


def load(
  workdir: str | None, weights: str | None
) -> tuple[Any, dict[str, Any], int]:
  """The parameters that ``--workdir`` or ``--weights`` names.

  Args:
    workdir: folder of a run, or None.
    weights: a weights file, or None.

  Returns:
    Parameters, the config they were trained with, the step.

  Raises:
    ValueError: unless exactly one of the two is given, and can be read.
  """
  if (workdir is None) == (weights is None):
    raise ValueError('give either --workdir=DIR or --weights=FILE')
  if workdir is not None:
    return checkpoints.load_parameters(workdir)
  assert weights is not None
  return checkpoints.load_weights(weights)


def measure_synthetic(
  config: ml_collections.ConfigDict, parameters: Any
) -> dict[str, float | int]:
  """Pixel metrics on ``eval.synthetic_pairs`` synthetic pairs."""
  path = config.synthesis.bank
  return synthetic_metrics(
    parameters,
    bank_files.load_bank(path) if path else None,
    model=build_model(config.model),
    config=config.synthesis,
    num_pairs=config.eval.synthetic_pairs,
    seed=config.seed,
  )


def draw(path: Path, done: pairs.Evaluated) -> None:
  """Writes one pair's pictures, boxes and score map as one PNG."""
  image = drawing.draw_result(
    done.reference,
    done.test,
    done.detection.scores,
    done.detection.boxes,
    done.result.truth,
  )
  pictures.write_picture(path, image)


def write_zip(
  path: Path, results: Sequence[PictureResult], *, margin_px: float
) -> None:
  """Writes the detections as the benchmark's zip, with the official margin."""
  benchmark_files.write_detections(
    path,
    {
      result.name: grow(
        result.detections,
        margin_px=margin_px,
        height=result.height,
        width=result.width,
      )
      for result in results
    },
  )


if __name__ == '__main__':
  command.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of a run.')
  flags.DEFINE_string('weights', None, 'Weights file of launch.export_weights.')
  flags.DEFINE_string('out', None, 'Folder for the results.', required=True)
  command.run(main)
