"""COCO annotations become a manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from data_tools import import_coco
from tests.data_tools import inputs

ROOT = Path(__file__).resolve().parents[2]


def image(number, name, **more):
  return {'id': number, 'file_name': name, 'width': 64, 'height': 48} | more


def note(number, owner, bbox, category=1, **more):
  fields = {'id': number, 'image_id': owner, 'category_id': category}
  return fields | {'bbox': bbox} | more


CATEGORIES = [{'id': 1, 'name': 'scratch'}, {'id': 7, 'name': 'dent'}]
IMAGES = [image(5, 'lot 3/a.png'), image(2, 'b.png')]


@pytest.fixture
def folder(tmp_path):
  inputs.write_pictures(tmp_path, 'golden.png', 'lot 3/a.png', 'b.png')
  return tmp_path


def write(folder, **lists):
  content = {'images': IMAGES, 'annotations': [], 'categories': CATEGORIES}
  path = folder / 'notes.json'
  path.write_text(json.dumps(content | lists))
  return str(path)


def read(folder, **lists):
  return import_coco.read(
    write(folder, **lists), str(folder), inputs.golden(folder)
  )


def test_what_was_annotated_comes_back(folder):
  notes = [
    note(1, 5, [10, 20, 22, 26]),
    note(2, 5, [1.2, 2.3, 3.5, 4.0], 7, iscrowd=1, segmentation={}),
  ]
  pairs = inputs.imported(folder / 'p.jsonl', *read(folder, annotations=notes))
  assert pairs == [
    ('lot 3-a', 'lot 3', [[10, 20, 31, 45], [1, 2, 4, 5]], ['scratch', 'dent']),
    ('b', folder.name, [], []),  # no annotation: a good part
  ]


def test_references_among_the_images_are_no_parts(folder):
  images = [*IMAGES, image(3, 'golden.png')]
  labelled, wrong = read(folder, images=images)
  assert [part.name for part, _ in labelled] == ['lot 3-a', 'b']
  assert wrong == []
  spoilt = note(1, 3, [6, 4, 9, 4])
  _, (fault,) = read(folder, images=images, annotations=[spoilt])
  assert 'golden.png is a reference and has annotations' in fault
  _, (fault,) = read(folder, images=images[2:])
  assert 'all images are references' in fault


def test_exif_data_that_are_none_are_told(folder):
  odd = Image.new('RGB', (inputs.WIDTH, inputs.HEIGHT))
  odd.save(folder / 'odd.png', exif=b'\xaa' * 20)
  _, (fault,) = read(folder, images=[*IMAGES, image(3, 'odd.png')])
  assert 'odd.png: not a readable picture' in fault


def test_every_fault_is_named(folder):
  inputs.write_pictures(folder, 'side.jpg')
  inputs.turn_by_exif(folder / 'side.jpg')
  images = [
    *IMAGES,
    image(3, 'gone.png'),
    image(4, 'b.png'),
    image(6, 'golden.png', width=99),
    image(9, 'side.jpg'),
    image(5, 'c.png'),
  ]
  notes = [
    note(1, 2, [60, 40, 9, 4]),
    note(2, 2, [6, 4, 0, 4]),
    note(3, 2, [6, 4, 9]),
    note(4, 8, [6, 4, 9, 4]),
    note(5, 2, [6, 4, 9, 4], 2),
  ]
  _, wrong = read(folder, images=images, annotations=notes)
  expected = [
    '2 images have the id 5',
    'b.png: 2 pictures would have the name b',
    'b.png: 2 pictures would have the name b',
    'gone.png: not a readable picture',
    'golden.png: is 64x48 but was annotated as 99x48',
    'side.jpg: its EXIF orientation is not upright',
    'c.png: not a readable picture',
    'annotation 1: box 60 40 69 44 (left top right bottom, px) leaves',
    'annotation 2: box 6 4 6 8 (left top right bottom, px) is not a box',
    'annotation 3: bbox is [6, 4, 9]',
    'annotation 4: there is no image 8',
    'annotation 5: unknown category 2; the categories are 1 scratch, 7 dent',
  ]
  for words in expected:
    assert any(words in fault for fault in wrong), words
  assert len(wrong) == 12


@pytest.mark.parametrize(
  ('lists', 'words'),
  [
    ({'images': None}, "has no list 'images'"),
    ({'images': []}, 'no image in it'),
    ({'images': [{'id': 1}]}, r'images\[0\] has file_name None'),
    ({'categories': [{'id': [], 'name': 'a'}]}, r'categories\[0\] has id \[\]'),
    ({'annotations': [note(1, 2, None)]}, r'annotations\[0\] has bbox None'),
    ({'annotations': [3]}, r'annotations\[0\] has id None'),
  ],
)
def test_no_coco(folder, lists, words):
  with pytest.raises(ValueError, match=rf'notes\.json: {words}'):
    read(folder, **lists)


def test_no_json(folder):
  path = folder / 'notes.json'
  path.write_text('{')
  with pytest.raises(ValueError, match=r'notes\.json: not readable JSON'):
    import_coco.read(str(path), str(folder), inputs.golden(folder))


def run(folder, *more):
  words = [f'--annotations={write(folder)}', f'--images={folder}']
  words += [f'--out={folder / "p.jsonl"}', *more]
  return subprocess.run(
    [sys.executable, '-m', 'data_tools.import_coco', *words],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


def test_the_command(folder):
  inputs.write_pictures(folder, 'more.png')
  done = run(folder, f'--reference={folder / "golden.png"}')
  assert done.returncode == 0, done.stderr
  assert done.stdout == (
    f'2 pairs, groups: 2, good parts: 2, boxes: 0; {folder / "p.jsonl"}\n'
    f'1 pictures of {folder} are not in the annotations\n'
  )
