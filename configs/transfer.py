"""Transfer: a pair head for weights that saw no label, from DeepPCB's labels.

Command:
  python -m launch.train --config=configs/transfer.py --workdir=runs/transfer \
      --init_weights=default --config.labelled.root=PCBData

Expected time: 5 minutes on two cores of an AMD EPYC (Zen 5), not alone on them.
Measured result: on groups that were left out, see docs/transfer.md; the weights
that learned from all of them are zeroshot/weights/deeppcb.safetensors.

The trunk stays as it is: letting it learn as well lost accuracy on groups that
it had not seen, see configs/fine_tune.py. So only the head is trained, and as
nothing can be forgotten, no synthetic pair is drawn. Boxes are still named by
topology, which is right more often than the kinds that the head learned;
--config.detect.kinds=learned asks the head, as pictures do that are no boards.
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
