"""Scorers: what says where two registered pictures differ.

scorer = network_scorer(config.model, parameters)
head_maps = scorer.split(scorer.score(reference, test))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.detect import baselines, maps, onnx_sessions, tiling
from zeroshot.detect.classical import classical_scores
from zeroshot.onnx_graph.siamese import MULTIPLE_PX
from zeroshot.types import HostArray, Params

if TYPE_CHECKING:
  import ml_collections


class Scorer(NamedTuple):
  """A network, or its baseline, as detection calls it.

  Attributes:
    score: ``(reference, test) -> scores``. Both pictures are of one shape and
      one type ``[H, W, 3]``: uint8, which costs least, or float32 in [0, 1].
      Scores are float32 ``[H, W]`` in [0, 1], or with a pair head layers
      ``[H, W, C]``; see ``maps.split``.
    stride_px: tiles start at its multiples, so that every tile has the cells
      of the whole picture.
    kinds: names of the kinds that the pair head tells apart.
    regresses_boxes: whether the pair head corrects the sides of boxes.
  """

  score: Callable[[HostArray, HostArray], HostArray]
  stride_px: int
  kinds: tuple[str, ...] = ()
  regresses_boxes: bool = False

  @property
  def has_pair_head(self) -> bool:
    """Whether there is more than scores."""
    return bool(self.kinds) or self.regresses_boxes

  def split(self, layers: HostArray) -> maps.HeadMaps:
    """The layers of ``score`` by their names; see ``maps.split``."""
    return maps.split(
      layers, num_kinds=len(self.kinds), regresses_boxes=self.regresses_boxes
    )


def network_scorer(
  model_config: ml_collections.ConfigDict, parameters: Params
) -> Scorer:
  """The trained network as a scorer.

  Args:
    model_config: ``config.model``.
    parameters: the network's parameters.
  """
  # Imported here because an exported network is detected with without JAX.
  from zeroshot.detect.score import BUCKET_PX, build_score
  from zeroshot.model.build import build_model

  model = build_model(model_config)
  score = build_score(model)

  def scores(reference: HostArray, test: HostArray) -> HostArray:
    height, width = test.shape[:2]
    # Padded on the host: on the device each size would compile a program.
    size = height + -height % BUCKET_PX, width + -width % BUCKET_PX
    pair = (tiling.pad(picture, size) for picture in (reference, test))
    return np.asarray(score(parameters, *pair))[:height, :width]

  return Scorer(
    scores,
    stride_px=model.stride,
    kinds=tuple(model_config.kinds),
    regresses_boxes=model_config.predicts_sides,
  )


def onnx_scorer(
  run: onnx_sessions.Run,
  *,
  stride_px: int,
  kinds: tuple[str, ...],
  regresses_boxes: bool,
) -> Scorer:
  """A network as an ONNX file, see ``onnx_graph.model``, as a scorer.

  Args:
    run: the file, opened.
    stride_px: of the network.
    kinds: names of the kinds that its pair head tells apart.
    regresses_boxes: whether its pair head corrects the sides of boxes.
  """

  def score(reference: HostArray, test: HostArray) -> HostArray:
    height, width = test.shape[:2]
    feed = {'reference': _planes(reference), 'test': _planes(test)}
    scores, *others = run(feed)
    if not others:
      return scores[0, :height, :width]
    layers = [scores, *(other[0] for other in others)]  # [C, H, W] each
    joined = np.concatenate([each[:, :height, :width] for each in layers])
    return np.moveaxis(joined, 0, 2)

  return Scorer(
    score,
    stride_px=stride_px,
    kinds=kinds,
    regresses_boxes=regresses_boxes,
  )


def _planes(picture: HostArray) -> HostArray:
  """Float32 ``[1, 3, H, W]``, 0 to 255, sides multiples of ``MULTIPLE_PX``.

  Args:
    picture: ``[h, w, 3]``, uint8 or float32 in [0, 1]; its last row and column
      are repeated.
  """
  height, width = picture.shape[:2]
  below, beside = -height % MULTIPLE_PX, -width % MULTIPLE_PX
  planes = np.empty((1, 3, height + below, width + beside), np.float32)
  inner = planes[0, :, :height, :width]
  for channel, plane in enumerate(cv2.split(np.ascontiguousarray(picture))):
    inner[channel] = plane
  if picture.dtype != np.uint8:
    inner *= 255
  planes[0, :, :height, width:] = inner[:, :, -1:]
  planes[0, :, height:] = planes[0, :, height - 1 : height]
  return planes


BASELINES: dict[str, Callable[..., HostArray]] = {
  'classical': classical_scores,
  'ssim': baselines.ssim_scores,
  'absdiff': baselines.absolute_scores,
}


def baseline_scorer(name: str, options: Mapping[str, Any]) -> Scorer:
  """A baseline, which has learned nothing.

  Args:
    name: of ``BASELINES``: ``'classical'`` is differencing that tolerates
      moved edges, ``'ssim'`` the structural similarity, ``'absdiff'`` the
      absolute difference.
    options: keyword arguments of its function, such as
      ``config.classical.scores``.
  """
  function, options = BASELINES[name], dict(options)

  def score(reference: HostArray, test: HostArray) -> HostArray:
    return function(as_image(reference), as_image(test), **options)

  return Scorer(score, stride_px=1)


def classical_scorer(config: ml_collections.ConfigDict) -> Scorer:
  """The baseline ``'classical'``.

  Args:
    config: ``config.classical.scores``.
  """
  return baseline_scorer('classical', config.to_dict())
