"""Baselines that know nothing of defects: SSIM and the absolute difference.

  scores = ssim_scores(reference, test, window_px=7)
  scores = absolute_scores(reference, test, match_lighting=True)

Like ``classical`` they take the place of the network's score: pictures are
registered before, and boxes are made after.
"""

from __future__ import annotations

import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.registration.lighting import with_lighting_of
from zeroshot.types import HostArray


def ssim_scores(
  reference: HostArray, test: HostArray, *, window_px: int
) -> HostArray:
  """How unlike a pair is by the structural similarity of scikit-image.

  Its other settings are scikit-image's own.

  Args:
    reference: image ``[H, W, 3]`` of the good part, registered.
    test: image ``[H, W, 3]`` of the part under test.
    window_px: odd side of the window, 3 or more.

  Returns:
    ``1 - SSIM``, the mean of the channels, float32 ``[H, W]`` in [0, 1]; 0
    for two equal pictures.

  Raises:
    ValueError: the pictures are not two float32 images of one size or are
      smaller than the window, the window is not odd, or scikit-image is not
      installed.
  """
  check_pair_shapes(reference, test, dtype=np.float32)
  if window_px < 3 or window_px % 2 != 1:
    raise ValueError(f'window_px is {window_px}; use an odd one, 3 or more')
  height, width = test.shape[:2]
  if min(height, width) < window_px:
    raise ValueError(
      f'the pictures are {width}x{height} px, less than the window of '
      f'{window_px}; use larger pictures'
    )
  try:
    from skimage import metrics
  except ImportError as error:
    raise ValueError(
      'SSIM needs scikit-image; install it with pip install '
      "'zeroshot-inspection[benchmark]'"
    ) from error
  _, similarity = metrics.structural_similarity(
    reference,
    test,
    win_size=window_px,
    data_range=1.0,
    channel_axis=2,
    full=True,
  )
  unlike = 1.0 - similarity.mean(axis=2)
  return np.clip(unlike, 0.0, 1.0).astype(np.float32)


def absolute_scores(
  reference: HostArray, test: HostArray, *, match_lighting: bool
) -> HostArray:
  """The absolute difference of a pair, the largest of the channels.

  Args:
    reference: image ``[H, W, 3]`` of the good part, registered.
    test: image ``[H, W, 3]`` of the part under test.
    match_lighting: give the reference the test picture's brightness and
      contrast first, channel by channel.

  Returns:
    Scores float32 ``[H, W]`` in [0, 1].

  Raises:
    ValueError: the pictures are not two float32 images of one size.
  """
  check_pair_shapes(reference, test, dtype=np.float32)
  if match_lighting:
    reference = np.clip(with_lighting_of(test, reference), 0.0, 1.0)
  return np.abs(reference - test).max(axis=2).astype(np.float32)
