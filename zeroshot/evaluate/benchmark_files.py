"""Reads and writes the files of DeepPCB's benchmark.

  benchmark_files.write_detections('submission.zip', {'00041200': boxes})
  detections = benchmark_files.read_detections('submission.zip')
  truth = benchmark_files.read_ground_truth('PCBData')

A submission is a zip without folders that holds one ``IMAGE.txt`` for each
picture, with lines ``x1,y1,x2,y2,confidence,type``; corners are integers.
"""

from __future__ import annotations

import os
import pathlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping

import numpy as np

from zeroshot.data import deeppcb
from zeroshot.types import UNKNOWN_KIND, Boxes

Path = str | os.PathLike[str]

# Types of sets that do not tell the kinds apart.
ONE_CLASS = ('defect', UNKNOWN_KIND)
# Kind that a class-agnostic detection is written with: the format demands one.
STAND_IN = 'open'

_NUMBER = re.compile(r'\d+(\.\d*)?([eE][-+]?\d+)?|\.\d+')


def write_detections(
  path: Path, detections: Mapping[str, Boxes], *, stand_in: str = STAND_IN
) -> None:
  """Writes a submission.

  Corners are rounded to the nearest pixel, halves to the even one. A kind of
  ``'difference'`` or ``'defect'`` is written as ``stand_in``, since the format
  demands one of the six types; with the default, score such a file without the
  classes. ``kind_confidence`` has no place in the format, see
  ``kinds.rank_by_kind``. The same detections give the same bytes: entries are
  sorted, stored uncompressed and dated 1980.

  Args:
    path: of the zip; an existing file is replaced.
    detections: boxes by the name of the picture (``'00041200'``).
    stand_in: type of unknown kinds: one of the six, or ``'difference'``, which
      is never correct and which scorers of the six kinds may refuse.

  Raises:
    ValueError: a name, kind or stand-in is not legal, a confidence leaves
      [0, 1], or the file cannot be written.
  """
  if stand_in not in (*deeppcb.KINDS, *ONE_CLASS):
    raise ValueError(f'stand_in is {stand_in!r}; legal are {_legal_words()}')
  texts = {
    name: _detection_text(name, detections[name], stand_in)
    for name in sorted(detections)
  }
  try:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as archive:
      for name, text in texts.items():
        entry = zipfile.ZipInfo(f'{name}.txt')  # dated 1980-01-01
        entry.create_system = 3
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text)
  except OSError as error:
    raise ValueError(
      f'{path}: cannot be written ({error.strerror}); check its folder'
    ) from error


def read_detections(path: Path) -> dict[str, Boxes]:
  """Reads a submission.

  Args:
    path: of the zip. Types are the six words, or ``defect`` or ``difference``
      for one class; case does not count.

  Returns:
    Boxes by the name of the picture, in file order. Confidences are float64,
    since a submission may rank by more digits than float32 holds.

  Raises:
    ValueError: no such file, no zip, a folder or another file in it, an entry
      twice, or a malformed line.
  """
  return {
    name: _parse(text, where=f'{path}: {name}.txt', with_confidence=True)
    for name, text in _read_zip(pathlib.Path(path), folders=False).items()
  }


def read_ground_truth(path: Path) -> dict[str, Boxes]:
  """Reads the ground truth of a set.

  Args:
    path: a zip, or a folder that is searched with all its folders, of
      ``IMAGE.txt`` with lines ``x1 y1 x2 y2 type``, separated by spaces or
      commas; the type a number (1 to 6) or a word. Split lists, files whose
      lines name pictures (``... .jpg ... .txt``), are no ground truth.

  Returns:
    Boxes by the name of the picture, sorted by name, each in file order.

  Raises:
    ValueError: no such file, no zip, no ground truth in it, a picture twice, or
      a malformed line.
  """
  path = pathlib.Path(path)
  read = _read_folder if path.is_dir() else _read_zip
  texts = {
    name: text for name, text in read(path).items() if not _is_split_list(text)
  }
  if not texts:
    raise ValueError(
      f'{path}: no ground truth in it; give a zip or a folder of IMAGE.txt'
    )
  return {
    name: _parse(texts[name], where=f'{path}: {name}.txt')
    for name in sorted(texts)
  }


def _detection_text(name: str, boxes: Boxes, stand_in: str) -> str:
  """The lines of one picture."""
  if not name or '/' in name or '\\' in name:
    raise ValueError(f'picture name {name!r}; give one without a folder')
  confidence = np.asarray(boxes.confidence)
  if not ((confidence >= 0) & (confidence <= 1)).all():
    raise ValueError(f'{name}: a confidence leaves [0, 1]: {confidence}')
  if not np.isfinite(boxes.xyxy).all():
    raise ValueError(f'{name}: a corner is not finite: {boxes.xyxy}')
  lines = []
  for box, score, kind in zip(
    np.rint(boxes.xyxy).astype(int), confidence, boxes.kind, strict=True
  ):
    word = stand_in if kind in ONE_CLASS else kind
    if word not in (*deeppcb.KINDS, stand_in):
      raise ValueError(
        f'{name}: unknown kind {kind!r}; legal are {_legal_words()}'
      )
    # The benchmark reads no exponents; the digits restore the very number.
    digits = np.format_float_positional(score, unique=True, trim='0')
    lines.append(','.join([*map(str, box), digits, word]) + '\n')
  return ''.join(lines)


def _read_zip(path: pathlib.Path, *, folders: bool = True) -> dict[str, str]:
  """Texts of a zip's entries by stem."""
  if not path.is_file():
    raise ValueError(f'{path}: no such file; check the path')
  try:
    with zipfile.ZipFile(path) as archive:
      names = [n for n in archive.namelist() if not (folders and n[-1:] == '/')]
      if not folders and any('/' in name for name in names):
        raise ValueError(
          f'{path}: has folders; zip the IMAGE.txt files themselves'
        )
      entries = [
        (pathlib.PurePosixPath(name), archive.read(name)) for name in names
      ]
  except (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    RuntimeError,  # encrypted, or a compression that Python lacks
    EOFError,
  ) as error:
    raise ValueError(
      f'{path}: not a zip that can be read ({error}); make it again'
    ) from error
  return _by_stem(path, entries)


def _read_folder(path: pathlib.Path) -> dict[str, str]:
  """Texts of a folder's files, and of its folders' files, by stem."""
  return _by_stem(
    path,
    [
      (file.relative_to(path), file.read_bytes())
      for file in sorted(path.rglob('*.txt'))
      if file.is_file()
    ],
  )


def _by_stem(
  path: pathlib.Path, entries: Iterable[tuple[pathlib.PurePath, bytes]]
) -> dict[str, str]:
  """Decodes the files; one picture must not come twice."""
  texts: dict[str, str] = {}
  for name, data in entries:
    if name.suffix != '.txt':
      raise ValueError(f'{path}: {name} is no IMAGE.txt; take it out')
    if name.stem in texts:
      raise ValueError(f'{path}: {name.stem}.txt is there twice; keep one')
    try:
      texts[name.stem] = data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
      raise ValueError(f'{path}: {name} is not text (UTF-8)') from error
  return texts


def _is_split_list(text: str) -> bool:
  """Whether the lines name pictures, as those of ``trainval.txt`` do."""
  return '.jpg' in (text.split() or [''])[0]


def _parse(text: str, *, where: str, with_confidence: bool = False) -> Boxes:
  """The boxes of one file."""
  corners, confidences, kinds = [], [], []
  for number, line in enumerate(text.splitlines(), start=1):
    if not line.strip():
      continue
    place = f'{where}, line {number}'
    fields = re.split(r'\s*,\s*|\s+', line.strip())
    if len(fields) != 5 + with_confidence:
      form = (
        'x1,y1,x2,y2,confidence,type'
        if with_confidence
        else ('x1 y1 x2 y2 type')
      )
      raise ValueError(f'{place}: {line.strip()!r} is malformed; write {form}')
    corners.append(deeppcb.parse_corners(fields[:4], where=place))
    kinds.append(_parse_kind(fields[-1], where=place))
    confidences.append(
      _parse_confidence(fields[4], where=place) if with_confidence else 1.0
    )
  return Boxes(
    xyxy=np.asarray(corners, np.float32).reshape(-1, 4),
    confidence=np.asarray(
      confidences, np.float64 if with_confidence else np.float32
    ),
    kind=tuple(kinds),
  )


def _parse_confidence(field: str, *, where: str) -> float:
  """A number in [0, 1]."""
  if not _NUMBER.fullmatch(field) or not 0 <= float(field) <= 1:
    raise ValueError(f'{where}: confidence {field!r}; give a number in [0, 1]')
  return float(field)


def _parse_kind(field: str, *, where: str) -> str:
  """A type, number or word, as a lower-case word."""
  if field.isdecimal():
    return deeppcb.parse_kind_number(field, where=where)
  word = field.lower()
  if word not in (*deeppcb.KINDS, *ONE_CLASS):
    raise ValueError(
      f'{where}: unknown type {field!r}; legal are {_legal_words()}'
    )
  return word


def _legal_words() -> str:
  return ', '.join((*deeppcb.KINDS, *ONE_CLASS))
