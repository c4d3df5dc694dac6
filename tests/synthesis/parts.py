"""Every kind of every family at toy size, and toy configs of pairs."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from configs import default
from zeroshot.synthesis import (
  backgrounds,
  fields,
  fills,
  nuisances,
  photographs,
  regions,
)

SIZE = 32
MARGIN = 8
BANK = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
SCENE = np.random.default_rng(1).random((SIZE, SIZE, 3), np.float32)
OTHER = np.random.default_rng(2).random((SIZE, SIZE, 3), np.float32)

GEOMETRY = ('shift', 'rotation', 'scale', 'warp')
LIGHT = ('brightness', 'contrast', 'gamma', 'spot_light')
SENSING = ('blur', 'noise', 'blocking')


def settings(*names):
  """The default's nuisances, drawn always if named and never otherwise."""
  config = default.get_synthesis().nuisances.to_dict()
  assert set(names) <= set(config)
  return {
    name: values | dict(probability=float(name in names))
    for name, values in config.items()
  }


def family(family_name):
  """Names of a family, as the default config has them."""
  weights = default.get_synthesis()[family_name].to_dict()
  others = ('size_px', 'num_min', 'num_max', 'blend_px', 'min_change')
  return [name for name in weights if name not in others]


def _background(name):
  if name == 'photographs':
    return lambda key: photographs.crop(key, jnp.asarray(BANK), size=SIZE)
  return functools.partial(getattr(backgrounds, name), size=SIZE)


def _region(name):
  return functools.partial(
    getattr(regions, name), size=SIZE, min_px=4.0, max_px=12.0
  )


def _fill(name):
  return lambda key: getattr(fills, name)(
    key, jnp.asarray(SCENE), jnp.asarray(OTHER)
  )


def _nuisance(name):
  """One nuisance alone, at its full probability, on the same scene."""
  image, values = jnp.asarray(SCENE), settings(name)
  if name in GEOMETRY:
    geometry = {each: values[each] for each in GEOMETRY}
    size = SIZE - 2 * MARGIN
    return lambda key: nuisances.move(
      image, nuisances.displacement(key, size=size, **geometry), margin=MARGIN
    )
  if name in LIGHT:
    light = {each: values[each] for each in LIGHT}
    return lambda key: nuisances.relight(key, image, **light)
  if name in SENSING:
    sensing = {each: values[each] for each in SENSING}
    return lambda key: nuisances.sense(key, image, **sensing)
  assert name == 'binarisation', f'{name} is in no group: add it to one'
  ragged = values[name]['max_ragged_px']

  def binarised(key):
    # Smooth, as scenes are: on white noise all would be edge.
    scene = nuisances.gaussian_blur(image, 1.5)
    fray = nuisances.ragged_field(key, size=SIZE, max_px=ragged)
    return nuisances.binarise(scene, fray, level=0.1, blur_px=1.0)

  return binarised


FAMILIES = {
  'backgrounds': _background,
  'regions': _region,
  'fills': _fill,
  'nuisances': _nuisance,
}
KINDS = {
  f'{name}-{kind}': build(kind)
  for name, build in FAMILIES.items()
  for kind in (settings() if name == 'nuisances' else family(name))
}
# The same for every key, by their nature.
KEYLESS = ('fills-background', 'fills-inverted')


def shape(name):
  """The shape that a kind must have."""
  if name.startswith('regions'):
    return (SIZE, SIZE)
  if name.removeprefix('nuisances-') in GEOMETRY:
    return (SIZE - 2 * MARGIN, SIZE - 2 * MARGIN, 3)
  return (SIZE, SIZE, 3)


def config(**changes):
  """A toy synthesis: two cheap kinds of each family and no nuisance.

  Args:
    **changes: fields by their dotted names.
  """
  result = default.get_config().synthesis
  kept = dict(
    backgrounds=('soft', 'polygons'),
    regions=('polygons', 'specks'),
    fills=('constant', 'background'),
  )
  for name, kinds in kept.items():
    only(result, name, *kinds)
  for values in result.nuisances.values():
    values.probability = 0.0
  result.update(size_px=SIZE, margin_px=MARGIN, defect_free_share=0.0)
  result.regions.size_px = (4.0, 12.0)
  result.update_from_flattened_dict(changes)
  return result


def only(synthesis, family_name, *kinds):
  """Leaves weight to some kinds of a family alone."""
  for name in family(family_name):
    synthesis[family_name][name] = float(name in kinds)


def difference(pair):
  """Greatest change of a channel, ``[B, H, W]``."""
  return np.max(np.abs(np.asarray(pair.test - pair.reference)), axis=-1)


def keys(count, seed=0):
  return jax.random.split(jax.random.key(seed), count)


def plain_noise(key, size):
  """Smooth noise in [0, 1], a picture with content at every pixel."""
  noise = fields.noise(key, size=size, cell_px=4.0)
  return jnp.repeat(jax.nn.sigmoid(noise)[..., None], 3, axis=-1)
