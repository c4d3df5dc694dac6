"""Ablations: what each component of the default recipe contributes.

Command:
  python -m launch.ablate --config=configs/ablations.py \
    --workdir=runs/ablations --config.root=PCBDATA \
    --config.bank=backgrounds.npz

An override such as ``'model.match_radii=(0,0,0,0)'`` is what follows
``--config.`` on the command line of ``launch.train`` or ``launch.evaluate``.
For rows of your own, write a config file that calls this one and sets
``config.rows.NAME = row(...)`` inside ``with config.unlocked():``.

Expected time: about 1 hour on two CPU cores (estimated), for 30 trainings and
68 evaluations.
Measured result: docs/ablations.md.
"""

import ml_collections
from ml_collections import config_dict

SEEDS = (0, 1, 2)
NUISANCES = (
  'shift',
  'rotation',
  'scale',
  'warp',
  'brightness',
  'contrast',
  'gamma',
  'spot_light',
  'blur',
  'noise',
  'blocking',
  'binarisation',
)
PROCEDURAL = (
  'fractal_noise',
  'dead_leaves',
  'soft',
  'thresholded',
  'strokes',
  'polygons',
)
REGIONS = ('polygons', 'blobs', 'scratches', 'specks')
# Lines that more than one row takes, see configs/ladder.py.
EARLY_FUSION = (
  'model.kind=early_fusion',
  'model.widths=(8,24,48,64,96,128)',
  'model.decoder_widths=(32,)',
)
IN_PLACE = ('model.match_radii=(0,0,0,0)',)
UNREGISTERED = ('detect.registration=none',)


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config of ``launch.ablate``."""
  config = config_dict.create(
    base='configs/default.py',  # config of rows that name no other
    root='',  # folder of the split lists and groups (PCBData)
    split='trainval',
    # No setting was chosen on these four groups.
    groups='group00041,group13000,group50600,group92000',
    every=16,  # evaluate every n-th pair of their list
    bank='',  # .npz of data_tools.pack_backgrounds, for rows with photographs
    only='',  # comma-separated names of rows to run; '' runs all
    steps=150,  # of every training
    train=(  # overrides of every training
      'train.warmup_steps=30',
      'train.ema_decay=0.98',
      'train.log_every=50',
      'train.sample_every=0',
    ),
    evaluate=(  # overrides of every evaluation
      'eval.pictures=0',
      'eval.worst=0',
      'eval.bootstrap_samples=200',
      'eval.synthetic_pairs=32',
      'eval.defect_free_pairs=0',
    ),
    # Metrics shown beside the AP under each view, of
    # zeroshot/studies/ablation/table.py.
    columns=('ap_75', 'synthetic_pixel_ap'),
    # Not sorted: the table keeps this order.
    views=ml_collections.ConfigDict(get_views(), sort_keys=False),
    rows=ml_collections.ConfigDict(get_rows(), sort_keys=False),
  )
  config.lock()
  return config


def get_views() -> dict[str, tuple[str, ...]]:
  """Overrides of each evaluation; most columns are from the first."""
  return dict(
    aligned=(),
    moved=(
      'eval.misalign.shift_px=10',
      'eval.misalign.rotation_deg=2.5',
      'eval.synthetic_pairs=0',  # would equal that of the first
    ),
  )


def get_rows() -> dict[str, ml_collections.ConfigDict]:
  """The rows, in the table's order."""
  return (
    dict(
      base=row('the default recipe: procedural pairs alone', seeds=SEEDS),
      paper=row(
        'the published recipe: its pairs (of photographs), network and loss',
        config='configs/paper.py',
        train=('train.warmup_steps=0', 'train.ema_decay=0'),
        evaluate=('eval.synthetic_pairs=0',),  # not its own pairs
      ),
    )
    | _network_rows()
    | _data_rows()
    | _other_rows()
  )


def row(
  about: str,
  *,
  config: str = '',
  weights: str = '',
  train: tuple[str, ...] = (),
  evaluate: tuple[str, ...] = (),
  seeds: tuple[int, ...] = (0,),
) -> ml_collections.ConfigDict:
  """A row of the table.

  Args:
    about: what it tests, in a few words.
    config: path of a config; ``''`` takes the field ``base``.
    weights: evaluated instead of a training, as ``--weights`` takes them;
      ``''`` trains.
    train: overrides of the training. Its evaluation takes them too, except
      those of ``synthesis``: the synthetic pairs are the same for all rows.
    evaluate: overrides of the evaluation alone.
    seeds: of the trainings; evaluations always use the seed of the config.

  Returns:
    The row.
  """
  return config_dict.create(
    about=about,
    config=config,
    weights=weights,
    train=train,
    evaluate=evaluate,
    seeds=seeds,
  )


def _network_rows() -> dict[str, ml_collections.ConfigDict]:
  """Rows about the network."""
  return dict(
    early_fusion=row(
      "the paper's network, at about the arithmetic of base",
      train=EARLY_FUSION,
      seeds=SEEDS,
    ),
    no_matching=row(
      'features compared in place, never searched for',
      train=IN_PLACE,
      seeds=SEEDS,
    ),
    half_width=row(
      'half the channels',
      train=('model.widths=(8,12,24,32)', 'model.decoder_widths=(6,8,12,16)'),
    ),
    double_width=row(
      'twice the channels',
      train=(
        'model.widths=(32,48,96,128)',
        'model.decoder_widths=(24,32,48,64)',
      ),
    ),
  )


def _data_rows() -> dict[str, ml_collections.ConfigDict]:
  """Rows about the synthetic pairs."""
  without = tuple(f'synthesis.backgrounds.{name}=0' for name in PROCEDURAL)
  return dict(
    photographs=row(
      'photographs alone (base is procedural alone)',
      train=(*without, 'synthesis.backgrounds.photographs=1'),
    ),
    both=row(
      'photographs in half of the pairs, procedural in the other half',
      train=('synthesis.backgrounds.photographs=7.5',),
    ),
    **{
      f'no_{name}': row(
        f'no {name.replace("_", " ")} among the backgrounds',
        train=(f'synthesis.backgrounds.{name}=0',),
      )
      for name in PROCEDURAL
    },
    no_nuisances=row(
      'two pictures of a good part are the same picture',
      train=tuple(
        f'synthesis.nuisances.{name}.probability=0' for name in NUISANCES
      ),
    ),
    no_defect_free=row(
      'a difference in every pair',
      train=('synthesis.defect_free_share=0',),
    ),
    **{
      f'{kept}_only': row(
        f'{kept} as the only shape of a difference',
        train=tuple(
          f'synthesis.regions.{name}=0' for name in REGIONS if name != kept
        ),
      )
      for kept in REGIONS
    },
  )


def _other_rows() -> dict[str, ml_collections.ConfigDict]:
  """Rows about the loss, the average, registration and the baseline."""
  return dict(
    no_contrast=row(
      'no contrast term on the features',
      train=('loss.contrast=0',),
      seeds=SEEDS,
    ),
    no_ema=row('the raw parameters evaluated', train=('train.ema_decay=0',)),
    no_registration=row(
      'the networks of base, the reference not registered',
      evaluate=UNREGISTERED,
      seeds=SEEDS,
    ),
    classical=row('registered differencing, no network', weights='classical'),
  )
