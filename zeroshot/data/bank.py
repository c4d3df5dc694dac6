"""The image bank: photographs from which training crops backgrounds.

  pictures = bank.load_bank('bank.npz')  # uint8 [N, S, S, 3]

``python -m data_tools.pack_backgrounds`` writes one.
"""

from __future__ import annotations

import os
import pathlib
import zipfile

import numpy as np

from zeroshot.types import HostArray

KEY = 'pictures'

_REMEDY = (
  'pack one with: python -m data_tools.pack_backgrounds --photographs=DIR'
  ' --out=FILE.npz'
)


def load_bank(path: str | os.PathLike[str]) -> HostArray:
  """Loads an image bank.

  Args:
    path: the ``.npz`` file of ``data_tools.pack_backgrounds``.

  Returns:
    uint8 ``[N, S, S, 3]``, RGB, with N and S of at least 1.

  Raises:
    ValueError: the file is missing, is no such bank, or is damaged.
  """
  file = pathlib.Path(path)
  if not file.is_file():
    raise ValueError(f'{path}: there is no such image bank; {_REMEDY}')
  try:
    pictures = _read_array(file)
  except KeyError as error:
    raise ValueError(f'{path}: has no array {KEY!r}; {_REMEDY}') from error
  except MemoryError as error:
    raise ValueError(
      f'{path}: does not fit into memory, or is damaged; {_REMEDY}, with fewer '
      'or smaller pictures'
    ) from error
  except Exception as error:
    # On a damaged file, zipfile, its decompressors and NumPy's header parser
    # raise a dozen undocumented types.
    raise ValueError(
      f'{path}: not an image bank, or damaged ({error}); copy it again, or '
      f'{_REMEDY}'
    ) from error
  shape = pictures.shape
  square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
  if pictures.dtype != np.uint8 or not square or pictures.size == 0:
    raise ValueError(
      f'{path}: {KEY!r} is {pictures.dtype} {list(shape)}, not uint8'
      f' [N, S, S, 3]; {_REMEDY}'
    )
  return pictures


def _read_array(file: pathlib.Path) -> HostArray:
  """The array of the pictures; a damaged file raises an error of any type.

  ``np.load`` reads only the bytes that the array's header declares. If it
  declares too few, the checksum is not tested; so bytes left over are an error.
  """
  with (
    zipfile.ZipFile(file) as archive,
    archive.open(f'{KEY}.npy') as stream,
  ):
    pictures: HostArray = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
      raise ValueError('bytes are left over behind the array')
  return pictures
