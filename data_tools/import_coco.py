"""Converts COCO annotations into a manifest.

  python -m data_tools.import_coco --annotations=FILE.json --images=DIR \
      (--reference=GOLDEN.png | --reference_pattern='{stem}_ref.png') \
      --out=FILE.jsonl

Categories become kinds, and a picture without annotations is a good part. A
region of ``iscrowd`` is one box. Masks are ignored: only ``bbox`` is read.
Pictures that the annotations do not name are skipped and counted.
"""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from collections.abc import Mapping, Sequence

from absl import flags

from data_tools import importing, label_boxes
from data_tools.importing import Labels, Part
from zeroshot.runtime import cli
from zeroshot.types import JsonObject

_Id = int | str
_Content = dict[str, list[JsonObject]]
_ID = (int, str)
# The required fields of each list, and their types.
_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
  'images': {'id': _ID, 'file_name': str},
  'annotations': {'id': _ID, 'image_id': _ID, 'category_id': _ID, 'bbox': list},
  'categories': {'id': _ID, 'name': str},
}


def main(argv: Sequence[str]) -> None:
  """Imports the annotations."""
  del argv
  options = flags.FLAGS
  files = importing.list_pictures(pathlib.Path(options.images))
  labelled = importing.import_with(
    lambda references: read(options.annotations, options.images, references)
  )
  used = {
    file.resolve()
    for part, _ in labelled
    for file in (part.picture, part.reference)
  }
  if unused := sum(file.resolve() not in used for file in files):
    print(f'{unused} pictures of {options.images} are not in the annotations')


def read(
  annotations: str, images: str, references: importing.References
) -> tuple[list[tuple[Part, Labels]], list[str]]:
  """Reads COCO annotations.

  Args:
    annotations: path of the JSON file.
    images: folder that each ``file_name`` is relative to.
    references: of the test pictures.

  Returns:
    The readable test pictures with their labels, in the order of the file; and
    all faults.

  Raises:
    ValueError: the file is no JSON with these lists.
  """
  content = _read_json(annotations)
  wrong = _find_repeated_ids(annotations, content)
  images_by_id = {image['id']: image for image in content['images']}
  parts = {
    number: importing.part_of(
      pathlib.Path(image['file_name']), pathlib.Path(images), references
    )
    for number, image in images_by_id.items()
  }
  wrong += importing.name_faults(list(parts.values()))
  sizes = {}
  for number, image in images_by_id.items():
    try:
      sizes[number] = _size_of(parts[number].picture, image)
    except ValueError as error:
      wrong.append(str(error))
  labels, faults = _read_labels(annotations, content, parts, sizes)
  wrong += faults
  tested = set(importing.exclude_references(list(parts.values())))
  wrong += [
    f'{annotations}: {parts[number].picture} is a reference and has '
    'annotations; a good part has none'
    for number in sizes
    if labels[number].boxes and parts[number] not in tested
  ]
  if not tested and not wrong:
    wrong = [f'{annotations}: all images are references; none is to be tested']
  labelled = [
    (parts[number], labels[number])
    for number in sizes
    if parts[number] in tested
  ]
  return labelled, wrong


def _find_repeated_ids(annotations: str, content: _Content) -> list[str]:
  """A line for each id that is not unique in its list."""
  return [
    f'{annotations}: {count} {name} have the id {number}; make ids unique'
    for name, entries in content.items()
    for number, count in Counter(entry['id'] for entry in entries).items()
    if count > 1
  ]


def _read_labels(
  annotations: str,
  content: _Content,
  parts: Mapping[_Id, Part],
  sizes: Mapping[_Id, tuple[int, int]],
) -> tuple[dict[_Id, Labels], list[str]]:
  """The labels of each picture, and the faults of the annotations."""
  labels: dict[_Id, Labels] = {number: Labels([], []) for number in parts}
  kinds = {entry['id']: entry['name'] for entry in content['categories']}
  wrong = []
  for annotation in content['annotations']:
    where = f'{annotations}, annotation {annotation["id"]}'
    owner, category = annotation['image_id'], annotation['category_id']
    try:
      if owner not in labels:
        raise ValueError(f'{where}: there is no image {owner}; remove it')
      if category not in kinds:
        known = ', '.join(f'{number} {kind}' for number, kind in kinds.items())
        raise ValueError(
          f'{where}: unknown category {category}; the categories are {known}'
        )
      if owner in sizes:  # else the picture is at fault
        box = _pixel_box(annotation['bbox'], sizes[owner], where)
        labels[owner].boxes.append(box)
        labels[owner].kinds.append(kinds[category])
    except ValueError as error:
      wrong.append(str(error))
  return labels, wrong


def _read_json(annotations: str) -> _Content:
  """The lists of a COCO file, with their required fields checked."""
  try:
    content = json.loads(pathlib.Path(annotations).read_bytes())
  except (OSError, ValueError, RecursionError) as error:
    raise ValueError(f'{annotations}: not readable JSON ({error})') from error
  for name, fields in _FIELDS.items():
    entries = content.get(name) if isinstance(content, dict) else None
    if not isinstance(entries, list):
      raise ValueError(
        f'{annotations}: has no list {name!r}; give COCO object annotations'
      )
    for place, entry in enumerate(entries):
      for field, types in fields.items():
        value = entry.get(field) if isinstance(entry, dict) else None
        if not isinstance(value, types) or not str(value).strip():
          raise ValueError(
            f'{annotations}: {name}[{place}] has {field} {value!r}; give COCO '
            'object annotations'
          )
  if not content['images']:
    raise ValueError(f'{annotations}: no image in it')
  return {name: content[name] for name in _FIELDS}


def _size_of(picture: pathlib.Path, image: JsonObject) -> tuple[int, int]:
  """The width and height of the picture, which must equal the annotated."""
  size = label_boxes.size_of(picture)
  written = image.get('width', size[0]), image.get('height', size[1])
  if written != size:
    raise ValueError(
      f'{picture}: is {size[0]}x{size[1]} but was annotated as '
      f'{written[0]}x{written[1]}; give the pictures that were annotated'
    )
  return size


def _pixel_box(
  bbox: Sequence[float], size: tuple[int, int], where: str
) -> tuple[int, ...]:
  """The first and last pixel of a box x, y, width, height."""
  if len(bbox) != 4 or not all(isinstance(side, int | float) for side in bbox):
    raise ValueError(f'{where}: bbox is {bbox!r}; give [x, y, width, height]')
  x, y, width, height = bbox
  return label_boxes.pixel_box((x, y, x + width, y + height), size, where=where)


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string('annotations', None, 'COCO JSON file.', required=True)
  importing.define_flags()


if __name__ == '__main__':
  define_flags()
  cli.run(main)
