"""Pictures with edges of many sizes, to move."""

from __future__ import annotations

import cv2
import numpy as np


def smooth_noise(seed, height, width, sigmas):
  """Coloured noise of several grain sizes, each of standard deviation 1.

  Returns:
    Float32 ``[height, width, 3]``, their sum, about zero mean.
  """
  random = np.random.default_rng(seed)
  picture = np.zeros((height, width, 3), np.float32)
  for sigma in sigmas:
    noise = random.standard_normal((height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    picture += smooth / smooth.std()
  return picture
