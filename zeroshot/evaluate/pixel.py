"""Pixel metrics of score maps against masks, for synthetic pairs.

pixel.pixel_metrics(scores, masks).auroc
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.types import HostArray


class PixelMetrics(NamedTuple):
  """Metrics over all pixels; NaN where the masks hold a single class.

  Attributes:
    auroc: area under the ROC curve, in [0, 1].
    ap: scikit-learn's average precision, in [0, 1]: equal scores enter
      together.
    num_pixels: valid pixels.
  """

  auroc: float
  ap: float
  num_pixels: int


def pixel_metrics(
  scores: HostArray, masks: HostArray, *, valid: HostArray | None = None
) -> PixelMetrics:
  """Area under the ROC curve, and average precision, over all pixels.

  Args:
    scores: float ``[..., H, W]``, any increasing measure of difference.
    masks: 0 or 1, of the same shape.
    valid: 0 or 1, of the same shape; pixels with 0 are left out.

  Raises:
    ValueError: shapes differ, a score is not finite, or a mask value is
      neither 0 nor 1.
  """
  scores, masks = np.asarray(scores), np.asarray(masks)
  keep = np.ones(masks.shape, bool) if valid is None else np.asarray(valid) > 0
  if not scores.shape == masks.shape == keep.shape:
    raise ValueError(
      f'scores {scores.shape}, masks {masks.shape} and valid {keep.shape}'
      ' differ in shape; give one score for each pixel'
    )
  scores, truth = scores[keep], masks[keep]
  if not np.isfinite(scores).all():
    raise ValueError('a score is not finite; the network diverged')
  if not np.isin(truth, (0, 1)).all():
    raise ValueError('a mask has values other than 0 and 1; threshold it')
  if len(np.unique(truth)) < 2:
    return PixelMetrics(float('nan'), float('nan'), truth.size)
  # Imported where it is used: it takes longer than all else of a training.
  from sklearn import metrics

  return PixelMetrics(
    auroc=float(metrics.roc_auc_score(truth, scores)),
    ap=float(metrics.average_precision_score(truth, scores)),
    num_pixels=truth.size,
  )
