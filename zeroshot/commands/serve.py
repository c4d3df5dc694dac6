"""Judges pictures that arrive over HTTP, for this machine only by default.

  zeroshot serve part.recipe
  zeroshot serve cap.recipe plug.recipe --port=9000
  curl -F picture=@part7.png http://127.0.0.1:8000/inspect

POST /inspect takes a picture and answers with what 'zeroshot inspect --json'
prints; GET /recipes, /health and /metrics (Prometheus) tell the rest, /docs
describes all. Requests beyond the queue are refused with status 429. With the
environment variable ZEROSHOT_TOKEN set, requests must bear that token. SIGTERM
or Ctrl-C ends it when all that was accepted is answered. Log lines on stderr
are JSON.

Exit statuses: 0 stopped by Ctrl-C or SIGTERM, 2 could not serve.
"""

from __future__ import annotations

import argparse
import importlib.util
import os

from zeroshot.commands import arguments

SUMMARY = 'judge pictures that arrive over HTTP'
_NEEDED = ('fastapi', 'uvicorn', 'prometheus_client', 'python_multipart')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add('recipes', nargs='+', metavar='RECIPE', help='what to judge by')
  add(
    '--host',
    default='127.0.0.1',
    help='address to listen on (default: this machine alone)',
  )
  add(
    '--port',
    type=int,
    default=8000,
    help='0 takes a free one, which the log names (default: %(default)s)',
  )
  arguments.add_runtime(parser)
  _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that bound what is accepted."""
  add = parser.add_argument
  add(
    '--workers',
    type=int,
    default=0,
    metavar='N',
    help='pictures inspected at a time (default: one a core, 4 at most)',
  )
  add(
    '--queue',
    type=int,
    default=16,
    metavar='N',
    help='requests that may wait beyond them (default: %(default)s)',
  )
  add(
    '--max_megabytes',
    type=float,
    default=64,
    metavar='N',
    help='largest upload (default: %(default)g)',
  )
  add(
    '--max_megapixels',
    type=float,
    default=100,
    metavar='N',
    help='largest picture (default: %(default)g)',
  )
  add(
    '--timeout_s',
    type=float,
    default=30,
    metavar='S',
    help='from the arrival of a request to its answer (default: %(default)g)',
  )


def run(options: argparse.Namespace) -> int:
  """Serves until a signal comes.

  Raises:
    ValueError: the extra is not installed, or a recipe or a limit cannot be
      used.
    OSError: the address cannot be used.
  """
  missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
  if missing:
    raise ValueError(
      f'serving needs {", ".join(missing)}: pip install '
      "'zeroshot-inspection[serve]', or in a clone '.[serve]'"
    )
  from zeroshot.line import settings, start

  limits = settings.Settings(
    workers=options.workers,
    queue=options.queue,
    max_megabytes=options.max_megabytes,
    max_megapixels=options.max_megapixels,
    timeout_s=options.timeout_s,
    token=settings.token_of(os.environ),
  )
  start.serve(
    options.recipes,
    limits,
    runtime=options.runtime,
    host=options.host,
    port=options.port,
  )
  return 0
