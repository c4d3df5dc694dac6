"""Confidences and threshold from labelled pairs of several kinds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.experiments.uncalibrated import plain_scorer, weights
from zeroshot.data import pictures
from zeroshot.experiments import loading, pair_calibration


@pytest.fixture(autouse=True)
def quick(monkeypatch):
  monkeypatch.setattr(loading, 'host_scorer', plain_scorer)


def write_pool(folder, references, *, dust):
  """Pairs with one spot that counts, and ones of specks that do not.

  Args:
    folder: made.
    references: pictures, of which half get a spot.
    dust: how strong the specks of the others are.
  """
  folder.mkdir()
  lines = ['reference,test,boxes']
  for index, path in enumerate(references):
    image = pictures.read_picture(path)
    spot = image[8:24, 8:24] if index % 2 else image[40:46, 40:46]
    strength = 0.4 + 0.05 * index if index % 2 else dust + 0.02 * index
    spot += np.where(spot < 0.5, 1, -1) * strength
    pictures.write_picture(folder / f'{index}.png', np.clip(image, 0, 1))
    boxes = '8 8 23 23' if index % 2 else ''
    lines.append(f'{path.absolute()},{index}.png,{boxes}')
  manifest = folder / 'pairs.csv'
  manifest.write_text('\n'.join(lines))
  return str(manifest)


def test_sure_boxes_are_true_in_each_pool(config, references, tmp_path):
  pools = [
    write_pool(tmp_path / name, references, dust=dust)
    for name, dust in (('mild', 0.32), ('harsh', 0.4))
  ]
  config.calibrate.false_boxes_per_pair = 0.5
  read = pair_calibration.read(pools)
  fitted = pair_calibration.calibrate(config, weights(config), read)
  assert fitted['slope'] > 0
  assert fitted['false_boxes_per_pair'] <= 0.5
  assert set(fitted['pools']) == set(pools)
  for described in fitted['pools'].values():
    assert described['pairs'] == len(references)
    assert described['true_boxes'] >= 2
    share = described['sure_boxes_true']
    assert share is None or share >= 0.9


def test_a_pool_of_one_kind_is_refused(references, tmp_path):
  pool = write_pool(tmp_path / 'pool', references[:1], dust=0.3)
  with pytest.raises(ValueError, match='0 of 1 pairs differ'):
    pair_calibration.read([pool])
