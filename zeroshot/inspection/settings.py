"""What decides the results of a run, pictures apart, as ``run.json`` keeps it.

folder.begin(out, settings.of_run(weights='default', ...))
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zeroshot.inspection.areas import Region
from zeroshot.version import version
from zeroshot.weights import files

_Path = str | os.PathLike[str]


def of_run(
  *,
  weights: _Path,
  threshold: float,
  roi: Sequence[Region] = (),
  ignore: _Path | None = None,
  manifest: _Path | None = None,
  pair: Sequence[_Path] = (),
  rows: int = 1,
  kinds: str | None = None,
) -> dict[str, Any]:
  """The settings of a run.

  Args:
    weights: name of weights that ship, or a file.
    threshold: least confidence of a box that counts.
    roi: regions to inspect alone.
    ignore: file of the mask of what to ignore.
    manifest: file of the list of pairs; None for one pair.
    pair: reference and test picture of the one pair.
    rows: how many pairs there are.
    kinds: what boxes are named from; None is what the weights say.

  Returns:
    A dict for JSON. Files are known by their content as well as their path.

  Raises:
    ValueError: there are no such weights.
    OSError: a file cannot be read.
  """
  return {
    'weights': str(weights),
    'threshold': threshold,
    'manifest': _resolved(manifest),
    'rows': rows,
    'roi': [list(region) for region in roi],
    'ignore': _resolved(ignore),
    'kinds': kinds,
    'version': version(),
    'pair': [_resolved(path) for path in pair],
    'weights_sha256': _digest(files.find(Path(weights))),
    'manifest_sha256': _digest(manifest),
    'ignore_sha256': _digest(ignore),
  }


def _resolved(path: _Path | None) -> str | None:
  return None if path is None else str(Path(path).resolve())


def _digest(path: _Path | None) -> str | None:
  if path is None:
    return None
  with open(path, 'rb') as opened:
    return hashlib.file_digest(opened, 'sha256').hexdigest()
