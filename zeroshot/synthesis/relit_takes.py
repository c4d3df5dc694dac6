"""Two takes under lamps far apart, from two viewpoints, each in its own focus.

  pair = relit_takes.take(key, before, after, margin_px=8, ...)

The mask is where the scenes differ by more than the noise in **both** takes'
light and focus: what one of them cannot show is no difference that a pair can
tell.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp

from zeroshot.synthesis import camera, depth, lamps, mixture, nuisances, takes
from zeroshot.synthesis.capture import displacement
from zeroshot.synthesis.mixture import finish
from zeroshot.synthesis.parts import Scene
from zeroshot.synthesis.shading import glow
from zeroshot.types import Array, Pair

Tree = TypeVar('Tree')


class _View(NamedTuple):
  """What one take has of its own before the camera."""

  light: lamps.Light
  texture: Array
  focus: depth.Focus


def take(
  key: Array,
  before: Scene,
  after: Scene,
  *,
  margin_px: int,
  settings: Mapping[str, Any],
  nuisance: Mapping[str, Any],
) -> Pair:
  """Takes both pictures and labels the difference.

  Args:
    key: key.
    before: of the reference, side S.
    after: of the test picture, side S.
    margin_px: cropped from each edge.
    settings: ``config.synthesis.relit``.
    nuisance: settings of the displacement by name.

  Returns:
    Pair of float32 ``[S - 2 * margin_px, S - 2 * margin_px, 3]`` pictures in
    [0, 1], and a mask of 0 and 1.
  """
  keys = jax.random.split(key, 9)
  views = _views(keys[0], before, settings)
  lit = _light(keys[1], before, after, views, settings)
  offsets = displacement(
    keys[2], size=before.height.shape[0] - 2 * margin_px, nuisance=nuisance
  )
  crop = slice(margin_px, -margin_px or None)
  offsets = offsets + _parallax(keys[3], before.height, settings)[crop, crop]
  moved = nuisances.move(lit[0, 0], finish(offsets), margin=margin_px)
  still = lit[:, :, crop, crop]
  # Of each take what is shown, then both scenes where they are.
  shown = jnp.stack([moved, still[1, 1]])
  looks = jnp.concatenate([shown[:, None], still], axis=1)
  noise = jax.vmap(lambda k: camera.noise_levels(k, settings['camera']))(
    jax.random.split(keys[4])
  )
  develop = functools.partial(_develop, noise=noise, settings=settings)
  pictures, masks = mixture.for_each(lambda each: develop(*each))(
    finish((keys[5:7], keys[7:9], looks, views.focus, noise))
  )
  return Pair(reference=pictures[0], test=pictures[1], mask=masks[0] * masks[1])


def _light(
  key: Array,
  before: Scene,
  after: Scene,
  views: _View,
  settings: Mapping[str, Any],
) -> Array:
  """Light and height ``[takes, scenes, S, S, 4]`` of both scenes in each."""
  scenes: Scene = _stack(before, after)
  size = before.height.shape[0]
  lights = glow(key, size=size, settings=settings['lights'])

  def light(view: _View) -> Array:
    return mixture.for_each(lambda scene: _lit(scene, view) + lights)(scenes)

  lit = finish(mixture.for_each(light)(views))
  heights = jnp.broadcast_to(scenes.height[..., None], (*lit.shape[:-1], 1))
  return jnp.concatenate([lit, heights], axis=-1)


def _develop(
  exposure_key: Array,
  record_key: Array,
  looks: Array,
  focus: depth.Focus,
  own_noise: Array,
  *,
  noise: Array,
  settings: Mapping[str, Any],
) -> tuple[Array, Array]:
  """One take's picture, and where it would show a difference.

  Args:
    exposure_key: of both.
    record_key: of the picture alone.
    looks: ``[3, s, s, 4]``, light and height of what is shown, of the scene
      before and of that after.
    focus: of this take.
    own_noise: of this take, see ``camera.noise_levels``.
    noise: of both takes.
    settings: ``config.synthesis.relit``.
  """
  seen = mixture.for_each(
    lambda look: depth.focus(look[..., :3], look[..., 3], focus)
  )(looks)
  seen = finish(seen)
  before, after = (
    camera.expose(exposure_key, image, settings['camera']) for image in seen[1:]
  )
  mask = takes.differs(before, after, noise, settings)
  picture = takes.picture(
    record_key, exposure_key, seen[0], own_noise, settings
  )
  return picture, mask


def _stack(first: Tree, second: Tree) -> Tree:
  """Two trees of arrays as one of two rows."""
  return jax.tree.map(lambda a, b: jnp.stack([a, b]), first, second)


def _views(key: Array, scene: Scene, settings: Mapping[str, Any]) -> _View:
  """What the two takes have of their own, a row for each."""
  light_key, texture_key, focus_key = jax.random.split(key, 3)
  lights = lamps.draw(light_key, settings)
  textures = takes.textures(
    texture_key, size=scene.height.shape[0], **settings['texture']
  )
  focuses = depth.draw_focus(focus_key, scene.height, settings['focus'])
  return _View(_stack(*lights), textures, _stack(*focuses))


def _lit(scene: Scene, view: _View) -> Array:
  """A scene in a take's light, ``[S, S, 3]``."""
  grain = 1 + view.texture[..., None]
  albedo = jnp.clip(scene.albedo * grain, 0.0, 1.0)
  return lamps.shade(scene._replace(albedo=albedo), view.light)


def _parallax(key: Array, height: Array, settings: Mapping[str, Any]) -> Array:
  """What hides and moves where the camera moved, ``[S, S, 2]`` px.

  Registration holds one height in its place: the ground's, the top's, or one
  between.
  """
  way_key, reach_key, anchor_key, turn_key = jax.random.split(key, 4)
  moves = settings['parallax']
  range_px = jnp.maximum(jnp.max(height) - jnp.min(height), 1.0)
  reach = nuisances.amplitude(reach_key, moves['probability'], moves['max_px'])
  turn = jax.random.uniform(turn_key) * 2 * jnp.pi
  tilt = reach / range_px * jnp.stack([jnp.sin(turn), jnp.cos(turn)])
  share = jax.random.uniform(anchor_key)
  mean = jnp.mean(height)
  ends = jnp.stack([jnp.min(height), jnp.max(height)])
  end = ends[jax.random.randint(way_key, (), 0, 2)]
  return depth.parallax(height, tilt, anchor_px=mean + share * (end - mean))
