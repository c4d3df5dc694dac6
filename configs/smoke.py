"""A minute of training on two cores: shows that everything works, no more.

Command:
  python -m launch.train --config=configs/smoke.py --workdir=runs/smoke
"""

import ml_collections

from configs import default


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config: small pictures, few steps."""
  config = default.get_config()
  config.synthesis.size_px = 64
  config.synthesis.regions.size_px = (4.0, 24.0)
  config.synthesis.regions.num_max = 3
  config.train.steps = 150
  config.train.batch_size = 8
  config.train.warmup_steps = 20
  config.train.ema_decay = 0.95
  config.train.log_every = 25
  config.train.checkpoint_every = 75
  config.train.sample_every = 75
  config.eval.synthetic_pairs = 16
  config.eval.bootstrap_samples = 200
  return config
