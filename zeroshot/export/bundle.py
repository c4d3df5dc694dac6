"""The runner as one executable zip archive.

data = bundle.build()  # write it to part.pyz
"""

from __future__ import annotations

from pathlib import Path

from zeroshot.export import archive

_PACKAGE = Path(__file__).resolve().parents[1]
_MAIN = """import sys

from zeroshot.export.runner import main

sys.exit(main())
"""


def build() -> bytes:
  """The package's code, without weights, as an archive that Python runs.

  The runner imports a small part of it.
  """
  files = {'__main__.py': _MAIN}
  for path in sorted(_PACKAGE.rglob('*.py')):
    name = path.relative_to(_PACKAGE.parent)
    # A namespace package needs an entry for its folder.
    files[f'{name.parent.as_posix()}/'] = ''
    files[name.as_posix()] = path.read_text(encoding='utf-8')
  return archive.zip_entries(files)
