"""Log lines as JSON, one object a line, with the fields of their event.

log = logs.start(sys.stderr)
log.info('answered', extra=logs.fields(status=200, seconds=0.2))
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

NAME = 'zeroshot.line'
_FIELDS = 'zeroshot_fields'  # of a log record


class JsonLines(logging.Formatter):
  """A record as ``time``, ``level``, ``event`` and the fields of the event."""

  def format(self, record: logging.LogRecord) -> str:
    """The record as one line."""
    time = datetime.fromtimestamp(record.created, UTC)
    line = {
      'time': time.isoformat(timespec='milliseconds'),
      'level': record.levelname.lower(),
      'event': record.getMessage(),
      **getattr(record, _FIELDS, {}),
    }
    if record.name != NAME:
      line['logger'] = record.name
    if record.exc_info:
      line['traceback'] = self.formatException(record.exc_info)
    return json.dumps(line, default=str)


def start(stream: TextIO) -> logging.Logger:
  """Sends the log of this process to a stream.

  Args:
    stream: such as ``sys.stderr``.

  Returns:
    The logger of the line.
  """
  handler = logging.StreamHandler(stream)
  handler.setFormatter(JsonLines())
  root = logging.getLogger()
  root.handlers[:] = [handler]
  root.setLevel(logging.WARNING)
  # It warns of each form that is malformed; the log has those requests anyway.
  logging.getLogger('python_multipart').setLevel(logging.ERROR)
  log = logging.getLogger(NAME)
  log.setLevel(logging.INFO)
  return log


def fields(**values: object) -> dict[str, dict[str, object]]:
  """The argument ``extra`` of a log line with these fields."""
  return {_FIELDS: values}
