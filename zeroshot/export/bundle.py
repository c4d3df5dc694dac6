"""The runner as one file, which Python runs as it is.

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
  """This package's code, without weights, as an archive that Python runs.

  Whatever the runner does not need stays unimported in it.
  """
  files = {'__main__.py': _MAIN}
  for path in sorted(_PACKAGE.rglob('*.py')):
    name = path.relative_to(_PACKAGE.parent)
    # Python finds a room without an __init__.py by its folder's entry.
    files[f'{name.parent.as_posix()}/'] = ''
    files[name.as_posix()] = path.read_text(encoding='utf-8')
  return archive.zip_entries(files)
