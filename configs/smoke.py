"""A minute of training on two cores, only to show that everything works.

Command:
  python -m launch.train --config=configs/smoke.py --workdir=runs/smoke
"""

import ml_collections

from configs import default


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config: small pictures, few steps, fewer kinds.

  Compilation takes most of such a short run, and every kind and nuisance
  that is not 0 is compiled, so only some kinds are kept.
  """
  config = default.get_config()
  config.synthesis.size_px = 64
  config.synthesis.backgrounds.fractal_noise = 0.0
  config.synthesis.backgrounds.dead_leaves = 0.0
  config.synthesis.backgrounds.soft = 0.0
  config.synthesis.backgrounds.thresholded = 0.0
  config.synthesis.backgrounds.polygons = 0.0
  config.synthesis.regions.blobs = 0.0
  config.synthesis.regions.scratches = 0.0
  config.synthesis.regions.specks = 0.0
  config.synthesis.regions.size_px = (4.0, 24.0)
  config.synthesis.regions.num_max = 3
  config.synthesis.fills.inverted = 0.0
  config.synthesis.fills.recoloured = 0.0
  config.synthesis.nuisances.shift.max_px = 3.0
  config.synthesis.nuisances.rotation.probability = 0.0
  config.synthesis.nuisances.scale.probability = 0.0
  config.synthesis.nuisances.warp.probability = 0.0
  config.synthesis.nuisances.gamma.probability = 0.0
  config.synthesis.nuisances.spot_light.probability = 0.0
  config.synthesis.nuisances.blocking.probability = 0.0
  config.train.steps = 200
  config.train.batch_size = 8
  config.train.warmup_steps = 20
  config.train.ema_decay = 0.97
  config.train.log_every = 25
  config.train.checkpoint_every = 100
  config.train.sample_every = 200
  config.eval.synthetic_pairs = 16
  config.eval.bootstrap_samples = 200
  return config
