"""Small folders of pictures and masks for the importers."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from data_tools import importing
from tests import samples
from zeroshot.data import manifest, pictures

WIDTH, HEIGHT = 64, 48


def write_pictures(folder, *names, width=WIDTH, height=HEIGHT):
  for name in names:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    samples.write_good(path, width=width, height=height)


def write_mask(path, *boxes):
  mask = np.zeros((HEIGHT, WIDTH), np.float32)
  for x1, y1, x2, y2 in boxes:
    mask[y1 : y2 + 1, x1 : x2 + 1] = 1
  path.parent.mkdir(parents=True, exist_ok=True)
  pictures.write_picture(path, mask)


def golden(folder):
  """References: one golden picture for all."""
  return importing.References(folder / 'golden.png', None)


def turn_by_exif(path):
  """Sets the EXIF orientation of a JPEG to a quarter turn."""
  with Image.open(path) as picture:
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)


def imported(out, labelled, wrong=()):
  """Writes a manifest and reads it: (name, group, boxes, kinds) of each."""
  importing.write(out, labelled, wrong)
  assert all(json.loads(line) for line in out.read_text().splitlines())
  return [
    (
      pair.name,
      pair.group,
      pair.truth.xyxy.astype(int).tolist(),
      list(pair.truth.kind),
    )
    for pair in manifest.read_manifest(out)
  ]
