"""The ladder: from the published recipe to ours, one change at a time.

Command:
  python -m launch.ablate --config=configs/ladder.py --workdir=runs/ladder \
    --config.root=PCBDATA --config.bank=backgrounds.npz

Each row has the changes of all rows above it. The first is configs/paper.py,
the last two are weights that ship. ``--config.steps`` sets the updates of every
training; the published recipe has 10,000.

Expected time: about 1.5 hours on two CPU cores.
Measured result: docs/reproduction.md.
"""

import ml_collections

from configs import ablations
from configs._synthesis import get_backgrounds

_PAPER = 'configs/paper.py'
# The weights of configs/default.py, in the place of photographs.
_DRAWN = tuple(
  f'synthesis.backgrounds.{name}={weight}'
  for name, weight in get_backgrounds().items()
)
_RELIEF = (
  'synthesis.families.flat=0.4',
  'synthesis.families.relief=0.6',
  'synthesis.backgrounds.photographs=2',
)


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config of ``launch.ablate``."""
  config = ablations.get_config()
  config.steps = 400
  config.columns = ('as_published_ap', 'shrunk_ap', 'official_6_ap', 'ap_75')
  config.evaluate = tuple(
    'eval.synthetic_pairs=0'
    if line.startswith('eval.synthetic_pairs=')
    else line
    for line in config.evaluate
  )
  with config.unlocked():
    config.rows = ml_collections.ConfigDict(get_rows(), sort_keys=False)
  return config


def get_rows() -> dict[str, ml_collections.ConfigDict]:
  """The rows, from the bottom of the ladder."""
  return _published() | _ours() | _for_cameras()


def _published() -> dict[str, ml_collections.ConfigDict]:
  """The published recipe, and its backgrounds replaced."""
  its_own = ('train.warmup_steps=0', 'train.ema_decay=0')
  return dict(
    paper=ablations.row(
      'the published recipe: its pairs, network, loss and boxes',
      config=_PAPER,
      train=its_own,
    ),
    drawn=ablations.row(
      'backgrounds are drawn, not photographs',
      config=_PAPER,
      train=(*its_own, *_DRAWN),
    ),
  )


def _ours() -> dict[str, ml_collections.ConfigDict]:
  """From its network under our training to configs/default.py."""
  return dict(
    pairs=ablations.row(
      'anomalies of every shape and fill, nuisances of both sides, our loss, '
      'schedule and boxes',
      train=ablations.EARLY_FUSION,
      evaluate=ablations.UNREGISTERED,
    ),
    siamese=ablations.row(
      'one encoder for both pictures, features compared in place',
      train=ablations.IN_PLACE,
      evaluate=ablations.UNREGISTERED,
    ),
    matching=ablations.row(
      'features are searched for around their place',
      evaluate=ablations.UNREGISTERED,
    ),
    registration=ablations.row(
      'the reference is registered to the test picture'
    ),
  )


def _for_cameras() -> dict[str, ml_collections.ConfigDict]:
  """What photographs need, and what ships."""
  return dict(
    relief=ablations.row(
      'two takes of scenes with height and gloss; for cameras', train=_RELIEF
    ),
    symmetric=ablations.row(
      'a small network that is the same from either side; for cameras',
      config='configs/photographs.py',
    ),
    photographs=ablations.row(
      'the network for cameras, as it ships', weights='photographs'
    ),
    default=ablations.row(
      'what ships: boards by a network of their own', weights='default'
    ),
  )
