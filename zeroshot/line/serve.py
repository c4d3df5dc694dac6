"""Listens, and stops on a signal with every accepted request answered.

  serve.serve(app.build(station), station, host='127.0.0.1', port=8000)

After SIGTERM or SIGINT the server says that it is stopping, still answers for a
moment so that whoever balances load can look elsewhere, takes no more
connections, answers all that it has accepted, and ends.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from zeroshot.line import logs
from zeroshot.line.station import Station

_NOTICE_S = 0.5  # connections are still taken, and each is closed when answered
_SETTLE_S = 0.2  # requests on their way on open connections are still read
_GRACE_S = 5  # beyond the longest that a request may take
_MOST_CONNECTIONS = 1000
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
  """Uvicorn's server with a gentler end."""

  def __init__(self, config: uvicorn.Config, station: Station) -> None:
    super().__init__(config)
    self._station = station

  async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
    """See the module."""
    self._station.is_stopping = True
    self._station.log.info(
      'stopping', extra=logs.fields(in_hand=self._station.desk.taken)
    )
    await asyncio.sleep(_NOTICE_S)
    for server in self.servers:
      server.close()
    await asyncio.sleep(_SETTLE_S)
    await super().shutdown(sockets)


def serve(app: ASGIApp, station: Station, *, host: str, port: int) -> None:
  """Serves until a signal comes.

  Args:
    app: of ``app.build``.
    station: that it serves.
    host: name or address to listen on; ``'127.0.0.1'`` is this machine alone.
    port: to listen on; 0 takes a free one, which the log names.

  Raises:
    OSError: the address is taken, or not this machine's.
    ValueError: there is no such port.
  """
  with _listen(host, port) as listening:
    address = _to_url(listening)
    if not is_loopback(host) and station.settings.token is None:
      station.log.warning(
        'everyone on the network may use this server: set ZEROSHOT_TOKEN',
        extra=logs.fields(address=address),
      )
    config = uvicorn.Config(
      app,
      log_config=None,
      access_log=False,
      server_header=False,
      limit_concurrency=_MOST_CONNECTIONS,
      timeout_graceful_shutdown=int(station.settings.timeout_s) + _GRACE_S,
    )
    server = _Server(config, station)

    def stop(number: int, frame: FrameType | None) -> None:
      # It comes before Uvicorn takes signals, and anew when it has stopped.
      server.should_exit = True

    before = {each: signal.signal(each, stop) for each in _SIGNALS}
    station.log.info(
      'listening', extra=logs.fields(address=address, recipes=station.names)
    )
    try:
      server.run([listening])
    finally:
      station.desk.close()
      for each, handler in before.items():
        signal.signal(each, handler)
    station.log.info('stopped')


def is_loopback(host: str) -> bool:
  """Whether an address reaches this machine alone."""
  if host == 'localhost':
    return True
  try:
    return ipaddress.ip_address(host).is_loopback
  except ValueError:
    return False


def _listen(host: str, port: int) -> socket.socket:
  family = socket.AF_INET6 if ':' in host else socket.AF_INET
  if not 0 <= port < 2**16:
    raise ValueError(f'--port={port}: give one from 0 to {2**16 - 1}')
  try:
    return socket.create_server((host, port), family=family)
  except OSError as error:
    raise OSError(
      f'--host={host} --port={port}: cannot listen there ({error}); give '
      'another port, or an address of this machine'
    ) from error


def _to_url(listening: socket.socket) -> str:
  host, port = listening.getsockname()[:2]
  return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'
