"""Transfer: a pair head trained on DeepPCB's labels, on a frozen trunk.

Command:
  python -m launch.train --config=configs/transfer.py --workdir=runs/transfer \
      --init_weights=procedural --config.labelled.root=PCBData

Expected time: 5 minutes on two cores of an AMD EPYC (Zen 5), with other
work running.
Measured result: see docs/transfer.md for groups that were left out; the weights
trained on all of them are zeroshot/weights/deeppcb.safetensors.

The trunk is frozen: training it too lost accuracy on groups that it had not
seen, see configs/fine_tune.py. As a frozen trunk forgets nothing, no synthetic
pair is drawn. Boxes are still named by topology, which is right more often than
the learned kinds. For pictures that show no boards,
--config.detect.kinds=learned takes the kinds of the head.
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
  config.loss.balanced_bce = 0.0
  config.loss.dice = 0.0
  config.loss.contrast = 0.0
  config.loss.kinds = 1.0
  config.loss.sides = 1.0
  config.labelled.synthetic_every = 0
  config.train.steps = 600
  config.train.trunk_rate = 0.0
  config.train.warmup_steps = 50
  config.train.ema_decay = 0.99
  config.train.log_every = 50
  config.train.checkpoint_every = 200
  config.train.sample_every = 0
  return config
