"""Transfer that lets the trunk learn as well, slowly, from masks of labels.

Command:
  python -m launch.train --config=configs/fine_tune.py --workdir=runs/fine \
      --init_weights=default --config.labelled.root=PCBData

A quarter of each batch stays synthetic, so that little is forgotten.
"""

import ml_collections

from configs import default, transfer


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config: configs/transfer.py with a trunk that learns."""
  config = transfer.get_config()
  zero_shot = default.get_loss()
  config.loss.balanced_bce = zero_shot.balanced_bce
  config.loss.dice = zero_shot.dice
  config.loss.contrast = zero_shot.contrast
  config.labelled.synthetic_every = 4
  config.train.trunk_rate = 0.05
  return config
