"""Which config makes which network, and how large it is."""

from __future__ import annotations

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.model import parts
from zeroshot.model.build import build_model
from zeroshot.model.early_fusion import EarlyFusion
from zeroshot.model.siamese import Siamese


def num_parameters(config):
  model = build_model(config)
  side = 2 * model.stride
  picture = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
  shapes = jax.eval_shape(model.init, jax.random.key(0), picture, picture)
  return sum(int(np.prod(x.shape)) for x in jax.tree.leaves(shapes))


# Change a number together with the network that it counts, never alone.
@pytest.mark.parametrize(
  ('name', 'kind', 'expected'),
  [
    ('default', Siamese, 130_028),
    ('smoke', Siamese, 130_028),
    ('paper', EarlyFusion, 334_081),
  ],
)
def test_golden_parameter_counts(name, kind, expected):
  config = importlib.import_module(f'configs.{name}').get_config().model
  assert isinstance(build_model(config), kind)
  assert num_parameters(config) == expected


def test_parameter_count_by_hand():
  """A network of one scale: every convolution written out."""
  width, decoder = 5, 3
  encoder = 12 * width * 9 + width  # 3x3 on the folded picture
  encoder += width * width * 9 + width + width * width  # residual block
  encoder += width * width + width + 2 * width  # 1x1 and its norm
  stage = 2 * width * decoder + decoder  # 1x1 on both signs
  stage += decoder * decoder * 9 + decoder + decoder * decoder
  head = decoder * 4 * 9 + 4
  config = parts.config(
    widths=(width,),
    depths=(1,),
    match_radii=(1,),
    decoder_widths=(decoder,),
    decoder_depths=(1,),
  )
  assert num_parameters(config) == encoder + stage + head + 1  # sharpness


def test_an_unknown_kind_is_named():
  config = default.get_config().model
  config.kind = 'resnet'
  with pytest.raises(ValueError, match=r"model\.kind is 'resnet'.*siamese"):
    build_model(config)


def test_a_siamese_network_of_before_decoder_depths_is_as_it_was():
  old, new = parts.config(decoder_depths=(1, 1, 1)), parts.config()
  with old.unlocked():
    del old.decoder_depths
  assert build_model(old) == build_model(parts.config(decoder_depths=(1, 1, 1)))
  assert build_model(old) != build_model(new)


@pytest.mark.parametrize(
  'field', ['widths', 'depths', 'match_radii', 'decoder_depths']
)
def test_fields_that_differ_in_their_number_of_scales_are_named(field):
  config = parts.config(**{field: (1, 2)})
  with pytest.raises(ValueError, match=f"'{field}': 2"):
    build_model(config)
