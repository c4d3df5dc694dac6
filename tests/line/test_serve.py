"""A server as a process: it stops on a signal, and loses nothing."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.command_line import ROOT
from tests.line import parts
from zeroshot.line import serve

PATIENCE_S = 300


class Served:
  """A running server."""

  def __init__(self, process):
    self.process = process
    self.lines = []
    self._reader = threading.Thread(target=self._read, daemon=True)
    self._reader.start()
    self.address = self.wait_for('listening')['address']

  def _read(self):
    for line in self.process.stderr:
      self.lines.append(json.loads(line))

  def wait_for(self, event):
    """The first log line of an event."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
      for line in list(self.lines):
        if line['event'] == event:
          return line
      time.sleep(0.02)
    raise AssertionError((event, self.lines))

  def post(self, **options):
    return httpx.post(
      f'{self.address}/inspect',
      files={'picture': ('part7.png', parts.good())},
      timeout=PATIENCE_S,
      **options,
    )

  def end(self):
    """Waits for the end; returns the status."""
    status = self.process.wait(PATIENCE_S)
    self._reader.join(PATIENCE_S)
    return status


@pytest.fixture
def gate(tmp_path):
  """The file that the inspectors of ``start`` wait for."""
  return tmp_path / 'gate'


@pytest.fixture
def start(gate):
  """Starts servers, and ends them."""
  processes = []

  def begin(workers, queue):
    words = [sys.executable, '-m', 'tests.line.served']
    process = subprocess.Popen(
      [*words, *map(str, (gate, workers, queue))],
      cwd=ROOT,
      stderr=subprocess.PIPE,
      text=True,
    )
    processes.append(process)
    return Served(process)

  yield begin
  for process in processes:
    if process.poll() is None:
      process.kill()
    process.wait()
    process.stderr.close()


def in_hand(address):
  text = httpx.get(f'{address}/metrics', timeout=PATIENCE_S).text
  return float(re.search(r'^zeroshot_requests_in_hand (\S+)', text, re.M)[1])


def test_a_signal_loses_no_accepted_request(start, gate):
  served = start(workers=2, queue=6)
  with ThreadPoolExecutor(8) as pool:
    waiting = [pool.submit(served.post) for _ in range(8)]
    deadline = time.monotonic() + PATIENCE_S
    while in_hand(served.address) < 8:
      assert time.monotonic() < deadline
    served.process.send_signal(signal.SIGTERM)
    served.wait_for('stopping')
    assert not any(each.done() for each in waiting)
    gate.touch()
    answers = [each.result() for each in waiting]
  assert [a.status_code for a in answers] == [200] * 8
  assert {a.json()['verdict'] for a in answers} == {'same'}
  assert served.end() == 0
  answered = [
    line['request']
    for line in served.lines
    if line['event'] == 'answered' and line['path'] == '/inspect'
  ]
  assert set(answered) == {a.headers['x-request-id'] for a in answers}
  assert served.lines[-1]['event'] == 'stopped'
  with pytest.raises(httpx.ConnectError):
    served.post()


def test_a_refused_client_gets_its_answer(start, gate):
  """It sends all before it looks; the server must not have hung up."""
  gate.touch()
  served = start(workers=1, queue=0)
  port = int(served.address.rpartition(':')[2])
  body = bytes(70 * 2**20)
  head = (
    'POST /inspect HTTP/1.1\r\nHost: a\r\n'
    f'Content-Length: {len(body)}\r\n'
    'Content-Type: multipart/form-data; boundary=x\r\n\r\n'
  )
  with socket.create_connection(('127.0.0.1', port), PATIENCE_S) as client:
    client.sendall(head.encode() + body)
    answer = client.recv(2**16)
  assert answer.startswith(b'HTTP/1.1 413 ')
  with socket.create_connection(('127.0.0.1', port), PATIENCE_S) as client:
    client.sendall(b'\x16\x03\x01 no HTTP at all\r\n\r\n')
    assert client.recv(2**16).startswith(b'HTTP/1.1 400 ')
  with socket.create_connection(('127.0.0.1', port), PATIENCE_S) as client:
    client.sendall(head.encode() + b'and hangs up')
  served.wait_for('answered')
  assert served.post().status_code == 200
  served.process.send_signal(signal.SIGINT)
  assert served.end() == 0


def test_only_loopback_goes_without_a_warning():
  assert serve.is_loopback('127.0.0.1')
  assert serve.is_loopback('::1')
  assert serve.is_loopback('localhost')
  assert not serve.is_loopback('0.0.0.0')
  assert not serve.is_loopback('::')
  assert not serve.is_loopback('line7.example')


def test_a_port_that_is_taken_is_told():
  with socket.create_server(('127.0.0.1', 0)) as taken:
    port = taken.getsockname()[1]
    with pytest.raises(OSError, match=f'--port={port}'):
      serve._listen('127.0.0.1', port)
  with pytest.raises(ValueError, match='--port=99999'):
    serve._listen('127.0.0.1', 99999)
