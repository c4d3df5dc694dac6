"""A server of recipes under load from this machine: pace, times, memory.

  with line_load.server(['part.recipe']) as served:
    figures = line_load.press(served, 'part7.png', clients=4, seconds=60)
  print(line_load.to_markdown(figures))

The server is a process of its own; the clients are threads of this one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

_PATIENCE_S = 120
_MEMORY_EVERY_S = 1.0


class Served(NamedTuple):
  """A running server.

  Attributes:
    host: it listens on.
    port: likewise.
    process: its number.
  """

  host: str
  port: int
  process: int


class Figures(NamedTuple):
  """What was measured.

  Attributes:
    seconds: that the load lasted.
    statuses: how often each status of HTTP was answered; 0 is a connection
      that was lost.
    times_s: float64 ``[N]``, of the requests with status 200.
    memory_mb: float64 ``[M]``, resident memory of the server, 2 ** 20 bytes,
      once a second.
  """

  seconds: float
  statuses: Counter[int]
  times_s: np.ndarray
  memory_mb: np.ndarray


@contextlib.contextmanager
def server(recipes: Sequence[str], *arguments: str) -> Iterator[Served]:
  """Starts ``zeroshot serve`` on a free port, and stops it.

  Args:
    recipes: paths.
    *arguments: further ones of the command.

  Raises:
    ValueError: it does not start, or does not stop clean.
  """
  command = (sys.executable, '-m', 'zeroshot.commands.main', 'serve')
  with subprocess.Popen(
    [*command, *recipes, '--port=0', *arguments],
    stderr=subprocess.PIPE,
    text=True,
  ) as process:
    assert process.stderr is not None
    log = iter(process.stderr)
    try:
      served = _find(log, process.pid)
      # A pipe that nobody reads would stop the server when it is full.
      reading = threading.Thread(target=deque, args=(log, 0))
      reading.start()
      yield served
      process.terminate()
      if process.wait(_PATIENCE_S) != 0:
        raise ValueError(f'the server ended with status {process.returncode}')
      reading.join()
    finally:
      process.kill()


def press(
  served: Served, picture: str | Path, *, clients: int, seconds: float
) -> Figures:
  """Sends a picture again and again.

  Args:
    served: the server, with one recipe.
    picture: path of a file.
    clients: that send one request after the other, each on one connection.
    seconds: to do so.
  """
  head, body = _form(Path(picture))
  _post(served, head, body)  # the first one is slower
  answers: list[tuple[int, float]] = []
  start = time.monotonic()

  def send() -> None:
    connection = http.client.HTTPConnection(served.host, served.port)
    with contextlib.closing(connection):
      while time.monotonic() < start + seconds:
        begin = time.perf_counter()
        status = _send(connection, head, body)
        answers.append((status, time.perf_counter() - begin))

  threads = [threading.Thread(target=send) for _ in range(clients)]
  for thread in threads:
    thread.start()
  memory_mb = []
  while any(thread.is_alive() for thread in threads):
    memory_mb.append(_memory_mb(served.process))
    time.sleep(_MEMORY_EVERY_S)
  for thread in threads:
    thread.join()
  elapsed = time.monotonic() - start
  return Figures(
    elapsed,
    Counter(status for status, _ in answers),
    np.array([seconds for status, seconds in answers if status == 200]),
    np.array(memory_mb),
  )


def to_markdown(figures: Figures) -> str:
  """The figures as a table."""
  done = len(figures.times_s)
  p50, p99 = np.percentile(figures.times_s, [50, 99]) if done else (0, 0)
  third = max(len(figures.memory_mb) // 3, 1)
  first, last = figures.memory_mb[:third], figures.memory_mb[-third:]
  told = ', '.join(
    f'{count} of {status}' for status, count in sorted(figures.statuses.items())
  )
  rows = [
    ('verdicts a second', f'{done / figures.seconds:.2f}'),
    ('p50, p99', f'{p50:.3f} s, {p99:.3f} s'),
    ('statuses', told),
    ('memory, first third', f'{first.mean():.0f} MB'),
    ('memory, last third', f'{last.mean():.0f} MB'),
    ('most memory', f'{figures.memory_mb.max():.0f} MB'),
  ]
  return '\n'.join(
    [
      '| figure | value |',
      '| --- | --- |',
      *(f'| {a} | {b} |' for a, b in rows),
    ]
  )


def _find(log: Iterator[str], process: int) -> Served:
  """Reads the log of a server until it listens."""
  last = ''
  for line in log:
    if line.startswith('{') and json.loads(line)['event'] == 'listening':
      found = re.search(r'//(.+):(\d+)$', json.loads(line)['address'])
      assert found is not None
      return Served(found[1], int(found[2]), process)
    last = line
  raise ValueError(f'the server did not start: {last.strip()}')


def _form(picture: Path) -> tuple[dict[str, str], bytes]:
  """Headers and body of a request."""
  boundary = secrets.token_hex(16)
  head = (
    f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; '
    f'filename="{picture.name}"\r\n\r\n'
  )
  body = (
    head.encode() + picture.read_bytes() + f'\r\n--{boundary}--\r\n'.encode()
  )
  headers = {'Content-Type': f'multipart/form-data; boundary={boundary}'}
  if os.environ.get('ZEROSHOT_TOKEN'):
    headers['Authorization'] = f'Bearer {os.environ["ZEROSHOT_TOKEN"]}'
  return headers, body


def _post(served: Served, head: dict[str, str], body: bytes) -> None:
  connection = http.client.HTTPConnection(served.host, served.port)
  connection.request('POST', '/inspect', body, head)
  answer = connection.getresponse()
  told = answer.read().decode()
  connection.close()
  if answer.status != 200:
    raise ValueError(f'the picture has no verdict: {told}')


def _send(
  connection: http.client.HTTPConnection, head: dict[str, str], body: bytes
) -> int:
  """The status of the answer; 0 is none."""
  try:
    connection.request('POST', '/inspect', body, head)
    answer = connection.getresponse()
    answer.read()
  except (OSError, http.client.HTTPException):
    connection.close()
    return 0
  return answer.status


def _memory_mb(process: int) -> float:
  """Resident memory of a process; NaN where the system does not tell."""
  status = Path(f'/proc/{process}/status')
  found = re.search(
    r'VmRSS:\s+(\d+) kB', status.read_text() if status.exists() else ''
  )
  return int(found[1]) / 1024 if found else float('nan')
