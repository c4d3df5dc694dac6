"""The two zips of an evaluation give its metrics."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import deeppcb
from zeroshot.evaluate import benchmark_files, protocols, scoring
from zeroshot.experiments import evaluation_zips
from zeroshot.types import Boxes


def named_set():
  """Results of hand-made detections, of all kinds and of none."""
  random = np.random.default_rng(0)
  results = []
  for index in range(6):
    corner = random.integers(20, 160, (2, 9, 2)).astype(np.float32)
    corner[1, :7] = corner[0, :7] + random.integers(-3, 4, (7, 2))
    true, detected = np.concatenate([corner, corner + 24], axis=-1)
    words = random.choice(deeppcb.KINDS, 9).tolist()
    claims = [w if random.random() < 0.6 else 'short' for w in words]
    claims[index] = 'difference'
    results.append(
      protocols.PictureResult(
        name=f'9000000{index}',
        group='g',
        height=200,
        width=200,
        truth=Boxes(true, np.ones(9, np.float32), tuple(words)),
        detections=Boxes(
          detected,
          random.random(9).astype(np.float32),
          tuple(claims),
          random.random(9).astype(np.float32),
        ),
      )
    )
  return results


@pytest.mark.parametrize('names', ['all', 'none', 'plain'])
def test_each_zip_scores_what_its_protocol_says(tmp_path, names):
  results = named_set()
  changes = {
    'all': {},
    'none': {'kind': ('difference',) * 9},
    'plain': {'kind_confidence': None},
  }[names]
  results = [
    r._replace(detections=r.detections._replace(**changes)) for r in results
  ]
  margin_px = dict(official=2, shrunk=0, as_published=0, coco=0)
  metrics = protocols.evaluate_detections(
    results,
    iou_threshold=0.33,
    box_margin_px=margin_px,
    bootstrap_samples=0,
    seed=0,
  )
  truth = {result.name: result.truth for result in results}
  for expected, by_kind in (
    (metrics.official, False),
    (metrics.official_6, True),
  ):
    path = tmp_path / f'{by_kind}.zip'
    evaluation_zips.write_zip(path, results, margin_px=2, by_kind=by_kind)
    scored = scoring.score_set(
      truth, benchmark_files.read_detections(path), class_aware=by_kind
    )
    assert scored['AP'] == pytest.approx(expected.ap, abs=1e-9)
    for name in ('precision', 'recall'):
      assert scored[name] == pytest.approx(getattr(expected, name), abs=1e-9)
  assert 0 < metrics.official.ap < 1
  assert (metrics.official_6.ap > 0) == (names != 'none')
  # The plain zip has legal words alone.
  words = {
    kind
    for boxes in benchmark_files.read_detections(
      tmp_path / 'False.zip'
    ).values()
    for kind in boxes.kind
  }
  assert words <= set(deeppcb.KINDS)


def test_kinds_that_the_benchmark_lacks_have_no_zip(tmp_path):
  boxes = Boxes(
    np.array([[10, 10, 20, 20]], np.float32),
    np.array([0.5], np.float32),
    ('scratch',),
  )
  result = protocols.PictureResult('a', 'g', 40, 40, boxes, boxes)
  evaluation_zips.write(tmp_path, [result], margin_px=2)
  assert not list(tmp_path.iterdir())
  open_ = result._replace(detections=boxes._replace(kind=('open',)))
  evaluation_zips.write(tmp_path, [open_], margin_px=2)
  names = sorted(path.name for path in tmp_path.iterdir())
  assert names == ['detections-6.zip', 'detections.zip']
