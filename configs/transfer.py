"""Transfer: from weights that saw no label to labelled pairs of DeepPCB.

Command:
  python -m launch.train --config=configs/transfer.py --workdir=runs/transfer \
      --init_weights=default --config.labelled.root=PCBData

Half of each batch stays synthetic, so that nothing is forgotten.
"""

import ml_collections

from configs import default


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config: a pair head, labelled pairs, fewer steps."""
  config = default.get_config()
  config.model.kinds = (
    'open',
    'short',
    'mousebite',
    'spur',
    'copper',
    'pin-hole',
  )
  config.model.predicts_sides = True
  config.loss.kinds = 1.0
  config.loss.sides = 1.0
  config.labelled.synthetic_every = 4
  config.train.steps = 1000
  config.train.learning_rate = 3e-3
  config.train.trunk_rate = 0.05
  config.train.warmup_steps = 50
  config.train.ema_decay = 0.99
  config.train.log_every = 50
  config.train.checkpoint_every = 200
  config.train.sample_every = 400
  return config
