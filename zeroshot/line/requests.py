"""What every request gets: a number, a log line, counters, a bounded body.

  served = requests.Requests(served, station=line)

A body of more bytes than are allowed is refused while it arrives. Before a
refusal is answered, what the client still sends is read and dropped, within
limits: most clients look for the answer only after they have sent all.
"""

from __future__ import annotations

import asyncio
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zeroshot.line import logs
from zeroshot.line.refusals import Refusal
from zeroshot.line.station import Station

PATHS = ('/inspect', '/recipes', '/health', '/metrics', '/docs')
_LINGER_S = 5  # to drop what a refused client still sends
_NOTES = 'zeroshot.notes'  # key of the scope
_NUMBER_BYTES = 8


def note(scope: Scope, **fields: object) -> None:
  """Adds fields to the log line of a request."""
  scope[_NOTES].update(fields)


class Requests:
  """ASGI middleware; see the module."""

  def __init__(self, app: ASGIApp, *, station: Station) -> None:
    """Wraps an application that serves a station."""
    self._app = app
    self._station = station

  async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
    """Handles one request."""
    if scope['type'] != 'http':
      await self._app(scope, receive, send)
      return
    start = time.perf_counter()
    notes = scope[_NOTES] = {'request': secrets.token_hex(_NUMBER_BYTES)}
    body = _Body(
      receive, Headers(scope=scope), self._station.settings.max_bytes
    )
    status = 500  # of an error that nothing handles

    async def send_noted(message: Message) -> None:
      nonlocal status
      if message['type'] == 'http.response.start':
        status = message['status']
        ended = await body.drop_rest()
        headers = MutableHeaders(scope=message)
        headers['X-Request-Id'] = notes['request']
        if not ended or self._station.is_stopping:
          headers['Connection'] = 'close'
      await send(message)

    try:
      await self._app(scope, body.receive, send_noted)
    finally:
      self._record(scope, status, time.perf_counter() - start)

  def _record(self, scope: Scope, status: int, seconds: float) -> None:
    """Counts the request and logs it."""
    notes, path = scope[_NOTES], scope['path']
    known = path if path in PATHS else 'other'
    reason = notes.get('reason', '')
    self._station.metrics.answered(known, status, reason, seconds)
    line = dict(method=scope['method'], path=path[:200], status=status)
    self._station.log.info(
      'answered',
      extra=logs.fields(**line, seconds=round(seconds, 4), **notes),
    )


class _Body:
  """The body of a request, counted while it is read."""

  def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
    self._receive = receive
    self._limit = limit
    self._num_bytes = 0
    self._ended = False
    # Such a client sends nothing before it is told to.
    self._waits = 'expect' in headers
    declared = headers.get('content-length', '')
    self._declared = int(declared) if declared.isdecimal() else 0

  async def receive(self) -> Message:
    """The next message; refuses a body that is too long."""
    if self._declared > self._limit:
      raise self._too_long()
    message = await self._next()
    if self._num_bytes > self._limit:
      raise self._too_long()
    return message

  async def drop_rest(self) -> bool:
    """Reads what is left, within limits; returns whether that was all."""
    if self._waits:
      return self._ended
    try:
      async with asyncio.timeout(_LINGER_S):
        while not self._ended and self._num_bytes <= 2 * self._limit:
          await self._next()
    except TimeoutError:
      pass
    return self._ended

  async def _next(self) -> Message:
    message = await self._receive()
    if message['type'] == 'http.request':
      self._waits = False
      self._num_bytes += len(message.get('body', b''))
      self._ended = not message.get('more_body', False)
    else:  # the client has gone
      self._ended = True
    return message

  def _too_long(self) -> Refusal:
    return Refusal(
      413,
      'too large',
      f'the request has more than {self._limit / 2**20:g} MB; send a smaller '
      'picture, or start the server with a larger --max_megabytes',
    )
