"""Picture files -> data URIs, shrunk.

uri = embedding.embed(folder / 'test.png', size=(640, 480))
"""

from __future__ import annotations

import base64
from pathlib import Path

import cv2

from zeroshot.data import pictures
from zeroshot.types import HostArray

LONGEST_PX = 1600
_QUALITY = 90  # of WebP, of 100


def embed(path: Path, *, size: tuple[int, int] | None = None) -> str:
  """Reads a picture and shrinks it to ``LONGEST_PX`` on its longer side.

  Args:
    path: a file that OpenCV decodes.
    size: width and height that it must have, pixels; None takes any.

  Returns:
    ``data:image/webp;base64,...``.

  Raises:
    ValueError: the file is missing, no picture, or of another size.
  """
  image = pictures.as_uint8(pictures.read_pixels(path))
  height, width = image.shape[:2]
  if size is not None and size != (width, height):
    raise ValueError(
      f'{path}: is {width}x{height} and the results tell of {size[0]}x{size[1]}'
    )
  return encode(image)


def encode(image: HostArray) -> str:
  """As ``embed``, of pixels.

  Args:
    image: uint8 ``[H, W, 3]``, RGB.
  """
  height, width = image.shape[:2]
  shrink = LONGEST_PX / max(height, width)
  if shrink < 1:
    target = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    image = cv2.resize(image, target, interpolation=cv2.INTER_AREA)
  stored = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
  _, small = cv2.imencode('.webp', stored, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
  text = base64.b64encode(small.tobytes()).decode('ascii')
  return f'data:image/webp;base64,{text}'
