"""Evaluations by the classical baseline, which needs no training."""

from __future__ import annotations

from configs import smoke
from zeroshot.experiments import evaluation, loading


def evaluate_classical(root, out, *, kinds='topology', **changes):
  """``metrics.json`` of the baseline, without registration."""
  config = smoke.get_config()
  config.detect.registration = 'none'
  config.detect.kinds = kinds
  config.classical.scores.match_lighting = False
  config.eval.update(
    root=str(root),
    split='generated',
    bootstrap_samples=5,
    pictures=1,
    synthetic_pairs=0,
    defect_free_pairs=0,
    worst=2,
  )
  config.eval.update(changes)
  weights = loading.load(config, workdir=None, weights='classical')
  return evaluation.evaluate(config, weights, out).to_json()
