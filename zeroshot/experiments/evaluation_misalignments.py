"""AP against misalignment: the same pairs, their references moved further.

results = evaluation_misalignments.look(config.eval, entries, detector)
figures = evaluation_misalignments.measure(config.eval, results)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import ml_collections

from zeroshot.data import manifest
from zeroshot.evaluate import pairs
from zeroshot.evaluate.protocols import PictureResult, evaluate_detections
from zeroshot.experiments import pair_shards
from zeroshot.experiments.evaluation_extras import spread

_SCALE = 1.0


def check(settings: ml_collections.ConfigDict) -> None:
  """Refuses steps that are none.

  Raises:
    ValueError: a step is no pair of finite numbers, or the pictures are to be
      swapped as well: the annotations would lie in the grid of neither.
  """
  for step in settings.misalignments:
    if not (
      isinstance(step, tuple | list)
      and len(step) == 2
      and all(isinstance(v, int | float) and math.isfinite(v) for v in step)
    ):
      raise ValueError(
        f'eval.misalignments has the step {step!r}; give pairs (shift_px, '
        'rotation_deg), such as "((0, 0), (5, 1))"'
      )
  if settings.misalignments and settings.swap:
    raise ValueError(
      'eval.swap and eval.misalignments together: the annotations would lie in '
      'the grid of neither picture; give one of them'
    )


def look(
  settings: ml_collections.ConfigDict,
  entries: Sequence[manifest.LabelledPair],
  detector: pairs.Detector,
) -> list[list[PictureResult]]:
  """Results of ``eval.misalignment_pairs`` pairs at each step, in order."""
  count = settings.misalignment_pairs or len(entries)
  chosen = sorted(spread(len(entries), count))
  steps = settings.misalignments

  def one(index: int) -> bytes:
    step, place = divmod(index, len(chosen))
    shift_px, rotation_deg = steps[step]
    done = pairs.evaluate_pair(
      entries[chosen[place]],
      detector,
      moves=dict(shift_px=shift_px, rotation_deg=rotation_deg, scale=_SCALE),
    )
    return pair_shards.pack(done)

  packed = pair_shards.map_across_processes(len(steps) * len(chosen), one)
  results = [pair_shards.unpack(each)[0] for each in packed]
  return [
    results[start : start + len(chosen)]
    for start in range(0, len(results), len(chosen))
  ]


def measure(
  settings: ml_collections.ConfigDict,
  results: Sequence[Sequence[PictureResult]],
) -> list[dict[str, float | int]]:
  """Official AP at each step.

  Args:
    settings: ``config.eval``.
    results: of ``look``.

  Returns:
    For each step ``shift_px``, ``rotation_deg``, ``scale``, ``ap`` and
    ``num_images``.
  """
  figures: list[dict[str, float | int]] = []
  for (shift_px, rotation_deg), found in zip(
    settings.misalignments, results, strict=True
  ):
    official = evaluate_detections(
      found,
      iou_threshold=settings.iou_threshold,
      box_margin_px=settings.box_margin_px.to_dict(),
      bootstrap_samples=0,
      seed=0,
    )['official']
    figures.append(
      dict(
        shift_px=shift_px,
        rotation_deg=rotation_deg,
        scale=_SCALE,
        ap=official['ap'],
        num_images=official['num_images'],
      )
    )
  return figures
