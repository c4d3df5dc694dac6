"""Metrics as JSON that every reader accepts: NaN is written ``null``.

json_text.to_json({'ap': 0.9, 'recall': float('nan')})
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np


def to_json(content: Mapping[str, object]) -> str:
  """A mapping as indented JSON text.

  Args:
    content: nested mappings and sequences of numbers, texts, bools and None;
      NumPy's scalars and arrays too.

  Returns:
    The text, without a line break at its end; what is not finite is ``null``.

  Raises:
    TypeError: a value has no form in JSON.
  """
  return json.dumps(_plain(content), indent=2, allow_nan=False)


def _plain(value: object) -> object:
  """The same value made of Python's own types, NaN as None."""
  if isinstance(value, Mapping):
    return {str(key): _plain(item) for key, item in value.items()}
  if isinstance(value, (np.ndarray, np.generic)):
    return _plain(value.tolist())
  if isinstance(value, (list, tuple)):
    return [_plain(item) for item in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
