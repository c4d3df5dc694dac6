"""Reproducible zip archives: the same content gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_entries(entries: Mapping[str, str | bytes]) -> bytes:
  """The bytes of an archive.

  Args:
    entries: content by name, in the order of the archive.
  """
  buffer = io.BytesIO()
  with zipfile.ZipFile(buffer, 'w') as archive:
    for name, content in entries.items():
      entry = zipfile.ZipInfo(name, _EPOCH)
      archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
  return buffer.getvalue()
