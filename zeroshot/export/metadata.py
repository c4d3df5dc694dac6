"""What an exported file says of itself, as JSON.

text = metadata.to_json(found)
found = metadata.from_json(text, 'part.onnx')
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

FORMAT = 1  # raised when older readers would misread a file


@dataclasses.dataclass(frozen=True)
class Metadata:
  """How to feed an exported network and how to read it.

  The network takes ``reference`` and ``test``, float32 ``[1, H, W, 3]``, RGB,
  0 to 255, registered, and gives ``scores`` ``[1, H, W]`` in [0, 1]; then, if
  it has learned them, ``kinds`` ``[1, H, W, K]``, probabilities, and ``sides``
  ``[1, H, W, 4]``, pixels.

  Attributes:
    weights: name or file that it was exported from.
    step: number of updates that those had seen.
    height: of the pictures that it takes, pixels.
    width: likewise.
    stride_px: of the network's coarsest cells.
    kinds: words of the kinds that it tells apart, if any.
    predicts_sides: whether it gives ``sides``.
    detect: ``config.detect``: registration, threshold of the boxes and others.
    calibration: slope and offset of the confidences, and the threshold to act
      on; see ``zeroshot.detect.calibration``.
    versions: of what wrote the file.
    format: of this description.
  """

  weights: str
  step: int
  height: int
  width: int
  stride_px: int
  kinds: tuple[str, ...]
  predicts_sides: bool
  detect: dict[str, Any]
  calibration: dict[str, float]
  versions: dict[str, str]
  format: int = FORMAT

  @property
  def outputs(self) -> tuple[str, ...]:
    """The names of what the network gives, in order."""
    names = ['scores']
    if self.kinds:
      names.append('kinds')
    if self.predicts_sides:
      names.append('sides')
    return tuple(names)


def to_json(found: Metadata) -> str:
  """The text that is stored in the file."""
  return json.dumps(dataclasses.asdict(found), allow_nan=False)


def from_json(text: str | None, path: str | os.PathLike[str]) -> Metadata:
  """Reads what ``to_json`` wrote.

  Args:
    text: from the file; None where it has none.
    path: of the file, for the error.

  Raises:
    ValueError: the file is not one of ``zeroshot export``, or of a version
      that writes otherwise.
  """
  try:
    fields = json.loads(text or '')
    found_format = fields['format']
  except (ValueError, TypeError, KeyError) as error:
    raise ValueError(
      f'{path} was not written by zeroshot export: it does not say how to use '
      'it'
    ) from error
  if found_format != FORMAT:
    raise ValueError(
      f'{path} is of format {found_format}, this program reads {FORMAT}; '
      'export the weights again, or take the runner that came with the file'
    )
  try:
    return Metadata(**{**fields, 'kinds': tuple(fields['kinds'])})
  except (TypeError, KeyError) as error:
    raise ValueError(f'{path} is damaged: {error}') from error
