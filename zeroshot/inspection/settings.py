"""The settings that decide the results of a run, as ``run.json`` stores them.

folder.begin(out, settings.describe_run(options, threshold=0.35, rows=1), ...)
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from zeroshot.inspection.options import InspectOptions
from zeroshot.types import JsonObject
from zeroshot.version import version
from zeroshot.weights import files


def describe_run(
  options: InspectOptions, *, threshold: float, rows: int
) -> JsonObject:
  """The settings of a run; files are identified by path and by content.

  Args:
    options: of the command.
    threshold: least confidence of a box that counts, as the detector has it.
    rows: number of pairs.

  Raises:
    ValueError: there are no such weights.
    OSError: a file cannot be read.
  """
  pair = (options.reference, options.test)
  return {
    'weights': str(options.weights),
    'threshold': threshold,
    'manifest': _resolve(options.manifest),
    'rows': rows,
    'shard': None if options.shard is None else str(options.shard),
    'roi': [list(region) for region in options.roi],
    'ignore': _resolve(options.ignore),
    'min_size_px': options.least.px or None,
    'mm_per_px': options.mm_per_px,
    'sort': options.sort,
    'kinds': options.kinds,
    'local_field': options.local_field,
    'bits': options.bits,
    'version': version(),
    'pair': [_resolve(path) for path in pair if path is not None],
    'weights_sha256': _digest_weights(options.weights),
    'manifest_sha256': digest(options.manifest),
    'ignore_sha256': digest(options.ignore),
  }


def _digest_weights(weights: str) -> str:
  """The sha256 of weights; of two, both, with a plus sign between."""
  names = files.members(weights)
  return '+'.join(str(digest(files.find(name))) for name in names)


def _resolve(path: str | None) -> str | None:
  return None if path is None else str(Path(path).resolve())


def digest(path: str | Path | None) -> str | None:
  """The sha256 of a file, in hexadecimal; None of none.

  Raises:
    OSError: it cannot be read.
  """
  if path is None:
    return None
  with open(path, 'rb') as opened:
    return hashlib.file_digest(opened, 'sha256').hexdigest()
