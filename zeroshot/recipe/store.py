"""Recipes on disk: a folder, or one ``.zip`` of it.

  store.write(path, taught)
  recipe = store.load(path)
  taught = store.read(path)

``recipe.json``, ``good/0001.png`` and on, ``variation.npz``, ``history.jsonl``
and, where there is one, ``ignore.png``. A recipe is written whole or not at
all: into a folder beside it, which then takes its place. There is no pickle in
it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from zeroshot.data import decoding, limits
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe import taught as learned
from zeroshot.recipe.recipe import Recipe
from zeroshot.recipe.taught import Taught
from zeroshot.types import HostArray, JsonObject

RECIPE, VARIATION, HISTORY = 'recipe.json', 'variation.npz', 'history.jsonl'
GOOD, IGNORE = 'good', 'ignore.png'
_REPLACED = '.replaced'  # a folder that a newer one is about to replace
_MAX_FILES = 10_000
_MAX_BYTES = 2**31  # of a file within a zip, unpacked

_Read = Callable[[str], bytes]


def is_recipe(path: str | os.PathLike[str]) -> bool:
  """Whether a path is a recipe: a folder or zip with a ``recipe.json``."""
  place = Path(path)
  if place.is_dir():
    return (place / RECIPE).is_file()
  if place.suffix.lower() == '.zip' and place.is_file():
    return zipfile.is_zipfile(place)
  return place.suffix.lower() == recipes.SUFFIX and not place.is_dir()


def load(path: str | os.PathLike[str]) -> Recipe:
  """Reads the settings of a recipe alone.

  Args:
    path: of the folder or the ``.zip``.

  Raises:
    ValueError: there is no recipe, it is of a newer schema, or a field is
      wrong; it is named.
  """
  return _settings(Path(path), _reader(Path(path)))


def read(path: str | os.PathLike[str]) -> Taught:
  """Reads a recipe with its pictures.

  Args:
    path: of the folder or the ``.zip``.

  Raises:
    ValueError: see ``load``; or a picture or map is missing or damaged.
  """
  place = Path(path)
  content = _reader(place)
  recipe = _settings(place, content)
  moves, maps = learned.unpack(
    _arrays(content(VARIATION), f'{place / VARIATION}'),
    place=f'{place / VARIATION}',
  )
  goods = tuple(
    _picture(content, good_name(number), place)
    for number in range(1, len(moves) + 1)
  )
  for number, (good, move) in enumerate(zip(goods, moves, strict=True), 1):
    if good.shape[:2] != move.reference_shape:
      raise ValueError(
        f'{place / good_name(number)} is {good.shape[1]}x{good.shape[0]}, not '
        'the size that was taught; teach the recipe again'
      )
  if not goods:
    raise ValueError(f'{place} has no good part; teach the recipe again')
  ignored: HostArray | None = None
  if recipe.has_ignore_mask:
    ignored = np.asarray(_picture(content, IGNORE, place).any(axis=2))
    if ignored.shape != goods[0].shape[:2]:
      raise ValueError(
        f"{place / IGNORE} is not of the first good part's size; draw it anew"
      )
  return Taught(recipe, goods, moves, maps, ignored, _history(content, place))


def good_name(number: int) -> str:
  """The file of a good part, counted from 1."""
  return f'{GOOD}/{number:04d}.png'


def check_free(path: str | os.PathLike[str], *, replace: bool) -> None:
  """Refuses to write over what is there.

  Args:
    path: to write to.
    replace: whether a recipe may be replaced.

  Raises:
    ValueError: something is there that is no recipe, or is one.
  """
  place = Path(path)
  if not place.exists():
    return
  if not is_recipe(place):
    raise ValueError(f'{place} is there and no recipe; give another --out')
  if not replace:
    raise ValueError(
      f'{place} is there already; zeroshot accept adds a good part to it, '
      '--force replaces it'
    )


def write(path: str | os.PathLike[str], taught: Taught) -> None:
  """Writes a recipe whole, or leaves what is there.

  Args:
    path: of the folder, or of a file if it ends in ``.zip``.
    taught: what to write.

  Raises:
    OSError: it cannot be written.
  """
  place = Path(path)
  files = _files(taught)
  place.parent.mkdir(parents=True, exist_ok=True)
  if place.suffix.lower() == '.zip':
    _write_zip(place, files)
    return
  partial = Path(
    tempfile.mkdtemp(
      prefix=f'.{place.name}.', suffix='.partial', dir=place.parent
    )
  )
  try:
    for name, content in files.items():
      (partial / name).parent.mkdir(exist_ok=True)
      (partial / name).write_bytes(content)
    partial.chmod(0o755)
    replaced = place.with_name(place.name + _REPLACED)
    if place.exists():
      shutil.rmtree(replaced, ignore_errors=True)
      os.replace(place, replaced)
    os.replace(partial, place)
    shutil.rmtree(replaced, ignore_errors=True)
  finally:
    shutil.rmtree(partial, ignore_errors=True)


def _files(taught: Taught) -> dict[str, bytes]:
  """The content of each file of a recipe."""
  settings = json.dumps(recipes.to_json(taught.recipe), indent=2)
  buffer = io.BytesIO()
  np.savez_compressed(buffer, allow_pickle=False, **learned.pack(taught))
  lines = [json.dumps(entry, sort_keys=True) for entry in taught.history]
  files = {
    RECIPE: f'{settings}\n'.encode(),
    VARIATION: buffer.getvalue(),
    HISTORY: ''.join(f'{line}\n' for line in lines).encode(),
  }
  for number, good in enumerate(taught.goods, 1):
    files[good_name(number)] = _png(good[..., ::-1])
  if taught.ignored is not None:
    files[IGNORE] = _png(255 * taught.ignored.astype(np.uint8))
  return files


def _png(pixels: HostArray) -> bytes:
  """A PNG of BGR or grey pixels."""
  done, data = cv2.imencode('.png', np.ascontiguousarray(pixels))
  if not done:
    raise ValueError(f'pixels {pixels.dtype} {pixels.shape} make no PNG')
  return data.tobytes()


def _write_zip(place: Path, files: Mapping[str, bytes]) -> None:
  partial = place.with_name(f'.{place.name}.{os.getpid()}.partial')
  try:
    with zipfile.ZipFile(partial, 'w', zipfile.ZIP_DEFLATED) as archive:
      for name, content in files.items():
        archive.writestr(name, content)
    os.replace(partial, place)
  finally:
    partial.unlink(missing_ok=True)


def _reader(place: Path) -> _Read:
  """What reads a file of a recipe by its name.

  A folder whose writer was killed between its two renames is read where the
  older one lies.
  """
  replaced = place.with_name(place.name + _REPLACED)
  if place.is_file():
    return _zip_reader(place)
  folder = place if place.is_dir() or not replaced.is_dir() else replaced
  if not folder.is_dir():
    raise ValueError(
      f'{place}: there is no recipe; write one with zeroshot teach'
    )

  def from_folder(name: str) -> bytes:
    try:
      return (folder / name).read_bytes()
    except OSError as error:
      raise ValueError(
        f'{folder / name} cannot be read ({error.strerror}); it belongs to '
        'the recipe: teach it again'
      ) from error

  return from_folder


def _zip_reader(place: Path) -> _Read:
  """What reads a file of a zip; a folder within it may hold all of them."""
  try:
    with zipfile.ZipFile(place) as archive:
      names = archive.namelist()[:_MAX_FILES]
      found = [name for name in names if Path(name).name == RECIPE]
  except (OSError, zipfile.BadZipFile) as error:
    raise ValueError(
      f'{place} is no recipe: neither a folder nor a readable zip ({error})'
    ) from error
  if not found:
    raise ValueError(f'{place} has no {RECIPE}, so it is no recipe')
  prefix = min(found, key=len).removesuffix(RECIPE)

  def from_zip(name: str) -> bytes:
    try:
      with zipfile.ZipFile(place) as archive:
        if archive.getinfo(prefix + name).file_size > _MAX_BYTES:
          raise ValueError(f'{place}: {name} is larger than {_MAX_BYTES} bytes')
        return archive.read(prefix + name)
    except (KeyError, OSError, zipfile.BadZipFile) as error:
      raise ValueError(
        f'{place}: {name} cannot be read ({error}); teach the recipe again'
      ) from error

  return from_zip


def _settings(place: Path, content: _Read) -> Recipe:
  try:
    parsed = json.loads(content(RECIPE))
  except (UnicodeDecodeError, json.JSONDecodeError) as error:
    raise ValueError(f'{place / RECIPE} is no JSON ({error})') from error
  return recipes.from_json(parsed, place=f'{place / RECIPE}')


def _arrays(data: bytes, place: str) -> dict[str, HostArray]:
  try:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
      return {name: archive[name] for name in archive.files}
  except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
    raise ValueError(
      f'{place} is damaged ({error}); teach the recipe again'
    ) from error


def _picture(content: _Read, name: str, place: Path) -> HostArray:
  return decoding.decode(
    content(name),
    str(place / name),
    max_megapixels=limits.MAX_MEGAPIXELS,
    upright=True,
  )


def _history(content: _Read, place: Path) -> tuple[JsonObject, ...]:
  try:
    lines = content(HISTORY).decode('utf-8').splitlines()
    return tuple(dict(json.loads(line)) for line in lines if line.strip())
  except (ValueError, TypeError) as error:
    raise ValueError(
      f'{place / HISTORY} is damaged ({error}); remove the line'
    ) from error
