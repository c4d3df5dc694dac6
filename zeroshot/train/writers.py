"""Writes the metrics of a run: JSON lines, TensorBoard, log lines, pictures.

  with open_writer(workdir, step=restored_step) as writer:
    writer.scalars(step, {'loss': 0.5, 'pairs_per_second': 40.0})
    writer.picture(step, 'samples', sheet)

Opening drops what an interrupted run wrote after the restored step, so that
the files end up as those of a run that was never interrupted. Only process 0
writes; in the others the same calls do nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import jax
import numpy as np
from absl import logging
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary

from zeroshot.runtime import atomic_files
from zeroshot.train import reports
from zeroshot.types import HostArray, PlainConfig

METRICS_FILE = 'metrics.jsonl'


class Writer(NamedTuple):
  """Open files of a run; None in processes that do not write.

  Attributes:
    workdir: folder of the run.
    lines: ``metrics.jsonl``, open for appending.
    events: TensorBoard's event file. Not tensorboardX's SummaryWriter, whose
      thread would die of a full disk, and block the run for ever.
    wandb: the run at Weights & Biases; None where nothing is reported there.
  """

  workdir: Path
  lines: FileIO | None
  events: EventsWriter | None
  wandb: Any = None

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Writes named metrics; one that is not finite is null in JSON.

    Args:
      step: number of completed updates.
      values: name -> value; without any, nothing is written.

    Raises:
      OSError: where a file cannot be written.
    """
    if self.lines is None or self.events is None or not values:
      return
    finite = {
      name: value if math.isfinite(value) else None
      for name, value in values.items()
    }
    summary = Summary(
      value=[
        Summary.Value(tag=name, simple_value=value)
        for name, value in values.items()
      ]
    )
    with _name_workdir(self.workdir):
      _append(self.lines, json.dumps({'step': step, **finite}) + '\n')
      _add(self.events, step, summary=summary)
    if self.wandb is not None:
      self.wandb.log(dict(values), step=step)
    line = '  '.join(f'{name} {value:.4g}' for name, value in values.items())
    logging.info('step %d  %s', step, line)

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
    encoded, png = cv2.imencode(
      '.png', np.ascontiguousarray(picture[..., ::-1])
    )
    assert encoded, f'cannot encode {picture.shape} {picture.dtype}'
    height, width, _ = picture.shape
    image = Summary.Image(
      height=height,
      width=width,
      colorspace=3,
      encoded_image_string=png.tobytes(),
    )
    file = self.workdir / name / f'{step:08d}.png'
    with _name_workdir(self.workdir):
      file.parent.mkdir(parents=True, exist_ok=True)
      _replace(file, png.tobytes())
      summary = Summary(value=[Summary.Value(tag=name, image=image)])
      _add(self.events, step, summary=summary)
    if self.wandb is not None:
      import wandb

      self.wandb.log({name: wandb.Image(picture)}, step=step)


@contextlib.contextmanager
def open_writer(
  workdir: Path,
  *,
  step: int,
  project: str = '',
  config: PlainConfig | None = None,
) -> Iterator[Writer]:
  """Opens the files of a run for appending.

  Args:
    workdir: folder of the run; made if need be.
    step: the step that the run resumes from; what was written later is
      dropped.
    project: of Weights & Biases; '' reports nothing there.
    config: the whole config, for Weights & Biases.

  Yields:
    A Writer.

  Raises:
    OSError: where a file cannot be written.
    ValueError: see ``reports.start_wandb``.
  """
  if jax.process_index() != 0:
    yield Writer(workdir, None, None)
    return
  with _name_workdir(workdir):
    (workdir / 'tensorboard').mkdir(parents=True, exist_ok=True)
    file = workdir / METRICS_FILE
    keep_lines(file, step=step)
    events = EventsWriter(str(workdir / 'tensorboard' / 'events'))
    # TensorBoard hides what it holds from this step on.
    start = SessionLog(status=SessionLog.START)
    _add(events, step + 1, session_log=start)
  run = reports.start_wandb(project, workdir, config or {})
  with file.open('ab', buffering=0) as lines:
    try:
      yield Writer(workdir, lines, events, run)
    finally:
      # All is flushed, or has raised.
      with contextlib.suppress(OSError):
        events.close()
      if run is not None:
        run.finish()


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


def _append(lines: FileIO, line: str) -> None:
  """Writes a line at once; raises if a full disk truncates it."""
  content = line.encode('utf-8')
  if lines.write(content) != len(content):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _add(events: EventsWriter, step: int, **content: Any) -> None:
  """Writes an event at once, so that a disk error is raised here."""
  events.write_event(Event(step=step, wall_time=time.time(), **content))
  events.flush()


@contextlib.contextmanager
def _name_workdir(workdir: Path) -> Iterator[None]:
  """Adds the run's folder and a remedy to the system's errors."""
  try:
    yield
  except OSError as error:
    raise OSError(
      error.errno,
      f'{error.strerror}; what was saved is intact: mend it, then run the same '
      'command again',
      str(error.filename or workdir),
    ) from error


def _replace(file: Path, content: bytes) -> None:
  """Replaces a file's content atomically."""
  with atomic_files.atomic_write(file) as partial:
    partial.write_bytes(content)
