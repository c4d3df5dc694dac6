"""The runner as one file, which Python runs as it is.

data = bundle.build()  # write it to part.pyz
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_MAIN = """import sys

from zeroshot.export.runner import main

sys.exit(main())
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build() -> bytes:
  """This package's code, without weights, as an archive that Python runs.

  Whatever the runner does not need stays unimported in it.
  """
  buffer = io.BytesIO()
  with zipfile.ZipFile(buffer, 'w') as archive:
    files = {'__main__.py': _MAIN}
    for path in sorted(_PACKAGE.rglob('*.py')):
      name = path.relative_to(_PACKAGE.parent)
      # Python finds a room without an __init__.py by its folder's entry.
      files[f'{name.parent.as_posix()}/'] = ''
      files[name.as_posix()] = path.read_text(encoding='utf-8')
    for entry_name, text in files.items():
      entry = zipfile.ZipInfo(
        entry_name, _EPOCH
      )  # the same code, the same bytes
      archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
  return buffer.getvalue()
