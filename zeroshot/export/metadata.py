"""The description that an exported file carries, as JSON.

text = metadata.to_json(description)
description = metadata.from_json(text, 'part.onnx')
"""

from __future__ import annotations

import dataclasses
import json
import os

from zeroshot.types import JsonObject

FORMAT = 1  # raised when older readers would misread a file
_REGRESSES_BOXES = 'predicts_sides'  # the JSON key of ``regresses_boxes``


@dataclasses.dataclass(frozen=True)
class Metadata:
  """The inputs, outputs and settings of an exported network.

  The network takes ``reference`` and ``test``, float32 ``[1, H, W, 3]``, RGB,
  0 to 255, registered, and returns ``scores`` ``[1, H, W]`` in [0, 1]; then, if
  it was trained to, ``kinds`` ``[1, H, W, K]``, probabilities, and ``sides``
  ``[1, H, W, 4]``, pixels. In an ONNX file channels come before rows, and H and
  W are free.

  Attributes:
    weights: name or file of the exported weights.
    step: number of updates of those weights.
    height: of the pictures that it takes, pixels; an ONNX file's largest tile.
    width: likewise.
    stride_px: of the network's coarsest cells.
    kinds: names of the kinds that it classifies, if any.
    regresses_boxes: whether it returns ``sides``.
    detect: ``config.detect``: registration, threshold of the boxes and others.
    calibration: slope and offset of the confidences, and the threshold to act
      on; see ``zeroshot.detect.calibration``.
    versions: of the packages that wrote the file.
    format: of this description.
  """

  weights: str
  step: int
  height: int
  width: int
  stride_px: int
  kinds: tuple[str, ...]
  regresses_boxes: bool
  detect: JsonObject
  calibration: dict[str, float]
  versions: dict[str, str]
  format: int = FORMAT

  @property
  def outputs(self) -> tuple[str, ...]:
    """The names of the network's outputs, in order."""
    names = ['scores']
    if self.kinds:
      names.append('kinds')
    if self.regresses_boxes:
      names.append('sides')
    return tuple(names)


def to_json(description: Metadata) -> str:
  """The text that is stored in the file."""
  fields = dataclasses.asdict(description)
  fields[_REGRESSES_BOXES] = fields.pop('regresses_boxes')
  return json.dumps(fields, allow_nan=False)


def from_json(
  text: str | None,
  path: str | os.PathLike[str],
  *,
  file_format: int = FORMAT,
) -> Metadata:
  """Reads what ``to_json`` wrote.

  Args:
    text: from the file; None if it has none.
    path: of the file, for the error.
    file_format: that the caller reads.

  Raises:
    ValueError: ``zeroshot export`` did not write the file, or a version with
      another format did.
  """
  try:
    fields = json.loads(text or '')
    found = fields['format']
  except (ValueError, TypeError, KeyError) as error:
    raise ValueError(
      f'{path} was not written by zeroshot export: it does not say how to use '
      'it'
    ) from error
  if found != file_format:
    raise ValueError(
      f'{path} is of format {found}, this program reads {file_format}; '
      'export the weights again, or take the runner that came with the file'
    )
  try:
    regresses_boxes = fields.pop(_REGRESSES_BOXES)
    kinds = tuple(fields.pop('kinds'))
    return Metadata(**fields, kinds=kinds, regresses_boxes=regresses_boxes)
  except (TypeError, KeyError) as error:
    raise ValueError(f'{path} is damaged: {error}') from error
