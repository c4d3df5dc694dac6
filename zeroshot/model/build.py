"""config.model -> network; the only place that opens it.

Usage:
  model = build_model(config.model)
  variables = model.init(key, reference, test)
  prediction = model.apply(variables, reference, test)
"""

from __future__ import annotations

import flax.linen as nn
import ml_collections

from zeroshot.model.early_fusion import EarlyFusion
from zeroshot.model.siamese import Siamese
from zeroshot.model.symmetric import Symmetric


def build_model(config: ml_collections.ConfigDict) -> nn.Module:
  """Builds the network that ``config.kind`` names.

  Args:
    config: ``config.model``.

  Returns:
    A module called with ``reference`` and ``test`` ``[B, H, W, 3]`` that
    returns a ``Prediction``; H and W must be multiples of its ``stride``.

  Raises:
    ValueError: for an unknown kind, or fields that do not fit together.
  """
  kinds = {
    'siamese': _siamese,
    'symmetric': _symmetric,
    'early_fusion': _early_fusion,
  }
  if config.kind not in kinds:
    raise ValueError(
      f'model.kind is {config.kind!r}; it must be one of {sorted(kinds)}'
    )
  return kinds[config.kind](config)


def _siamese(config: ml_collections.ConfigDict) -> Siamese:
  """The Siamese network."""
  has_head = config.kinds or config.predicts_sides
  _check_scales(config, *(['head_widths'] if has_head else []))
  return Siamese(
    widths=tuple(config.widths),
    depths=tuple(config.depths),
    match_radii=tuple(config.match_radii),
    decoder_widths=tuple(config.decoder_widths),
    decoder_depths=_decoder_depths(config),
    match_support=config.match_support,
    num_kinds=len(config.kinds),
    regresses_boxes=config.predicts_sides,
    head_widths=tuple(config.head_widths),
  )


def _symmetric(config: ml_collections.ConfigDict) -> Symmetric:
  """The symmetric network, which compares but does not name kinds."""
  if 'decoder_depths' not in config:
    raise ValueError(
      'the stored config has no model.decoder_depths: a version made it whose '
      'symmetric network named its parameters otherwise; train again'
    )
  _check_scales(config)
  if config.kinds or config.predicts_sides:
    raise ValueError(
      'model.kinds and model.predicts_sides need model.kind=siamese: the '
      'symmetric network cannot tell which picture shows the defect'
    )
  if len(config.widths) < 2:
    raise ValueError(
      f'model.widths is {tuple(config.widths)}; the symmetric network decodes '
      'from stride 4 on: give at least two widths, and as many depths, '
      'match_radii, decoder_widths and decoder_depths'
    )
  return Symmetric(
    widths=tuple(config.widths),
    depths=tuple(config.depths),
    match_radii=tuple(config.match_radii),
    decoder_widths=tuple(config.decoder_widths),
    decoder_depths=tuple(config.decoder_depths),
  )


def _decoder_depths(config: ml_collections.ConfigDict) -> tuple[int, ...]:
  """Of files before there was a choice, one block at each stride."""
  depths = config.get('decoder_depths', (1,) * len(config.widths))
  return tuple(depths)


def _check_scales(config: ml_collections.ConfigDict, *more: str) -> None:
  """Raises ValueError unless all fields of scales have one length."""
  fields = ('widths', 'depths', 'match_radii', 'decoder_widths', *more)
  lengths = {name: len(config[name]) for name in fields}
  lengths['decoder_depths'] = len(_decoder_depths(config))
  if len(set(lengths.values())) != 1:
    raise ValueError(
      f'model fields differ in their number of scales: {lengths}; '
      'give one value for each stride 2, 4, 8, ...'
    )


def _early_fusion(config: ml_collections.ConfigDict) -> EarlyFusion:
  """The paper's network at the given widths."""
  if config.kinds or config.predicts_sides:
    raise ValueError(
      'model.kinds and model.predicts_sides need model.kind=siamese: the '
      "paper's network compares no features"
    )
  return EarlyFusion(
    widths=tuple(config.widths), decoder_width=config.decoder_widths[0]
  )
