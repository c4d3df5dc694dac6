"""The drawings of docs/kinds.md show the kinds that they name."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest

from tests.pcb.test_topology import ROOT, box_round, name
from zeroshot.data.deeppcb import KINDS

# --- The drawings in the docs -------------------------------------------------


def panels(kind):
  """The two boards of a drawing, and the box drawn round the change."""
  svg = ET.parse(ROOT / 'docs' / 'kinds' / f'{kind}.svg').getroot()
  space = re.match(r'{.*}', svg.tag).group()
  result = []
  for group in svg.findall(f'{space}g[@transform]'):
    ground, (inner, *box) = group[0], group[1:]
    size = int(ground.get('height')), int(ground.get('width'))
    board = np.zeros(size, np.uint8)
    for shape in inner:
      copper = shape.get('fill') != ground.get('fill')
      if shape.tag == f'{space}path':
        points = re.findall(r'[ML](-?\d+) (-?\d+)', shape.get('d'))
        corners = np.array(points, np.int32)
      else:
        x, y, w, h = (
          int(shape.get(key, 0)) for key in ('x', 'y', 'width', 'height')
        )
        corners = np.int32([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
      cv2.fillPoly(board, [corners], int(copper))
    result.append(board > 0)
  x, y, w, h = (int(box[0].get(key)) for key in ('x', 'y', 'width', 'height'))
  return *result, [x, y, x + w, y + h]


@pytest.mark.parametrize('kind', KINDS)
def test_each_drawing_shows_its_kind(kind):
  before, after, box = panels(kind)
  assert name(before, after)[0] == kind
  assert name(before, after, box)[0] == kind
  left, top, right, bottom = box_round(before != after)
  assert box[0] < left < right < box[2]
  assert box[1] < top < bottom < box[3]


def test_the_page_shows_a_drawing_of_each_kind():
  text = (ROOT / 'docs' / 'kinds.md').read_text()
  shown = re.findall(r'!\[.+\]\(kinds/([\w-]+)\.svg\)', text)
  assert sorted(shown) == sorted(KINDS)
  files = (ROOT / 'docs' / 'kinds').iterdir()
  assert sorted(file.name for file in files) == sorted(
    f'{kind}.svg' for kind in KINDS
  )
