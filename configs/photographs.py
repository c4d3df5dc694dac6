"""For pictures of a camera: things with height and gloss under two lamps.

Command:
  python -m launch.train --config=configs/photographs.py --workdir=runs/photos \
      --config.synthesis.bank=backgrounds.npz \
      --config.labelled.manifest=takes.jsonl

Expected time: 70 minutes on two cores of an Intel Xeon (2.5 GHz).
Measured result: see zeroshot/weights/photographs.md; the weights went on from
three earlier runs.

The bank is packed by data_tools.pack_backgrounds; with
``synthesis.backgrounds.photographs=0`` none is needed. ``takes.jsonl`` lists
real takes of one thing without a difference, into which anomalies are pasted;
without a manifest all pairs are drawn. The network is small and symmetric: it
needs a quarter of the time of that of configs/default.py.
"""

import ml_collections

from configs import default


def get_config() -> ml_collections.ConfigDict:
  """Returns the locked config: configs/default.py with relief scenes."""
  config = default.get_config()
  config.model.update(
    dict(
      kind='symmetric',
      widths=(12, 16, 32, 64),
      depths=(0, 1, 2, 2),
      match_radii=(0, 0, 1, 0),
      decoder_widths=(0, 16, 32, 64),
      decoder_depths=(0, 1, 2, 3),
    )
  )
  _set_synthesis(config.synthesis)
  # One pair in eight is of two real takes, with anomalies in two of three.
  config.labelled.update(
    dict(
      labelled_every=8,
      num_anywhere=50,
      changes_share=0.6,
      margin_px=0.0,
      window_px=256,
    )
  )
  config.train.update(
    dict(
      steps=3200,
      learning_rate=1.5e-3,
      log_every=50,
      checkpoint_every=250,
      sample_every=1000,
    )
  )
  return config


def _set_synthesis(synthesis: ml_collections.ConfigDict) -> None:
  """Relief scenes among the flat ones, of a size that shows what lamps do."""
  synthesis.size_px = 192
  synthesis.bank = 'backgrounds.npz'
  synthesis.families.update(dict(flat=0.4, relief=0.6))
  synthesis.backgrounds.photographs = 2.0
  synthesis.regions.size_px = (3.5, 56.0)
  synthesis.fills.min_change = 0.08
  # Registration leaves little, and the network matches little.
  synthesis.nuisances.shift.max_px = 2.0
  synthesis.nuisances.warp.max_px = 1.5
  synthesis.nuisances.rotation.max_deg = 0.5
