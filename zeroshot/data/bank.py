"""The image bank: photographs that training cuts its backgrounds out of.

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
    with (
      file.open('rb') as stream,
      np.load(stream, allow_pickle=False) as archive,
    ):
      pictures = archive[KEY]
  except KeyError as error:
    raise ValueError(f'{path}: has no array {KEY!r}; {_REMEDY}') from error
  except (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    zipfile.BadZipFile,
  ) as error:
    raise ValueError(
      f'{path}: not an image bank ({error}); {_REMEDY}'
    ) from error
  shape = pictures.shape
  square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
  if pictures.dtype != np.uint8 or not square or pictures.size == 0:
    raise ValueError(
      f'{path}: {KEY!r} is {pictures.dtype} {list(shape)}, not uint8'
      f' [N, S, S, 3]; {_REMEDY}'
    )
  return pictures
