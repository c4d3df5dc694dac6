"""Where the figures of a run go: JSON lines, TensorBoard, log lines, pictures.

  with open_writer(workdir, step=restored_step) as writer:
    writer.scalars(step, {'loss': 0.5, 'pairs_per_second': 40.0})
    writer.picture(step, 'samples', sheet)

Opening drops what an interrupted run wrote after the restored step, so that
the files end up as those of a run that was never interrupted. Only process 0
writes; in the others the same calls do nothing.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

import cv2
import jax
import numpy as np
import tensorboardX
from absl import logging
from tensorboardX.proto.summary_pb2 import Summary

from zeroshot.types import HostArray

METRICS_FILE = 'metrics.jsonl'


class Writer(NamedTuple):
  """Open files of a run; None in processes that do not write.

  Attributes:
    workdir: folder of the run.
    lines: ``metrics.jsonl``, open for appending.
    events: TensorBoard's event file.
  """

  workdir: Path
  lines: TextIO | None
  events: tensorboardX.SummaryWriter | None

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Writes named figures; one that is not finite is null in JSON.

    Args:
      step: number of completed updates.
      values: name -> figure.
    """
    if self.lines is None or self.events is None:
      return
    finite = {
      name: value if math.isfinite(value) else None
      for name, value in values.items()
    }
    self.lines.write(json.dumps({'step': step, **finite}) + '\n')
    self.lines.flush()
    for name, value in values.items():
      self.events.add_scalar(name, value, step)
    figures = '  '.join(f'{name} {value:.4g}' for name, value in values.items())
    logging.info('step %d  %s', step, figures)

  def picture(self, step: int, name: str, picture: HostArray) -> None:
    """Writes ``WORKDIR/NAME/STEP.png``, and the same to TensorBoard.

    Args:
      step: number of completed updates.
      name: of the folder and the tag.
      picture: uint8 ``[H, W, 3]``, RGB.

    Raises:
      OSError: where the file cannot be written.
    """
    if self.events is None:
      return
    file = self.workdir / name / f'{step:08d}.png'
    file.parent.mkdir(parents=True, exist_ok=True)
    encoded, png = cv2.imencode(
      '.png', np.ascontiguousarray(picture[..., ::-1])
    )
    assert encoded, f'cannot encode {picture.shape} {picture.dtype}'
    _replace(file, png.tobytes())
    height, width, _ = picture.shape
    image = Summary.Image(
      height=height,
      width=width,
      colorspace=3,
      encoded_image_string=png.tobytes(),
    )
    # Not add_image, which needs Pillow to encode what is encoded already.
    self.events.file_writer.add_summary(
      Summary(value=[Summary.Value(tag=name, image=image)]), step
    )


@contextlib.contextmanager
def open_writer(workdir: Path, *, step: int) -> Iterator[Writer]:
  """Opens the files of a run for appending.

  Args:
    workdir: folder of the run; made if need be.
    step: the step that the run goes on from; what was written later is
      dropped.

  Yields:
    A Writer.
  """
  if jax.process_index() != 0:
    yield Writer(workdir, None, None)
    return
  workdir.mkdir(parents=True, exist_ok=True)
  file = workdir / METRICS_FILE
  keep_lines(file, step=step)
  events = tensorboardX.SummaryWriter(
    str(workdir / 'tensorboard'), purge_step=step + 1
  )
  with file.open('a', encoding='utf-8') as lines, contextlib.closing(events):
    yield Writer(workdir, lines, events)


def keep_lines(file: Path, *, step: int) -> None:
  """Drops the lines of later steps, and a last line that was cut short.

  Args:
    file: JSON lines with a field ``step``; may be missing.
    step: the last step to keep.
  """
  if not file.exists():
    return
  kept = []
  for line in file.read_text(encoding='utf-8').splitlines(keepends=True):
    # A kill can cut no line but the last one, which no checkpoint covers.
    if line.endswith('\n') and json.loads(line)['step'] <= step:
      kept.append(line)
  _replace(file, ''.join(kept).encode('utf-8'))


def write_json(file: Path, content: Mapping[str, object]) -> None:
  """Writes a JSON file, whole or not at all; process 0 alone.

  Args:
    file: its folder is made if need be.
    content: JSON-compatible.
  """
  if jax.process_index() != 0:
    return
  file.parent.mkdir(parents=True, exist_ok=True)
  _replace(file, (json.dumps(content, indent=2) + '\n').encode('utf-8'))


def _replace(file: Path, content: bytes) -> None:
  """Puts content in place of a file in one stroke."""
  partial = file.with_name(file.name + '.partial')
  partial.write_bytes(content)
  os.replace(partial, file)
