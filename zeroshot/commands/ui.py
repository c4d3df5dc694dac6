"""Opens a page with two drop zones, for this machine only by default.

zeroshot ui
zeroshot ui --host=0.0.0.0 --port=8080   # for the whole network, unguarded

Exit statuses: 2 could not open it, 130 ended by Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys

SUMMARY = 'inspect in a browser'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    '--weights', default='default', help='name or file of weights'
  )
  parser.add_argument(
    '--threshold', type=float, help='least confidence of a difference'
  )
  parser.add_argument(
    '--host',
    default='127.0.0.1',
    help='address to listen on (default: this machine alone)',
  )
  parser.add_argument(
    '--port', type=int, help='default: the first free one from 7860 on'
  )
  parser.add_argument(
    '--max_megabytes',
    type=int,
    default=200,
    help='largest file taken (default: %(default)s)',
  )


def run(options: argparse.Namespace) -> int:
  """Serves the page until it is interrupted.

  Raises:
    ValueError: the extra is not installed, or the weights cannot be loaded.
    OSError: the address cannot be used.
  """
  if importlib.util.find_spec('gradio') is None:
    raise ValueError(
      "the page needs Gradio: pip install 'zeroshot-inspection[ui]', or in a "
      "clone '.[ui]'"
    )
  from zeroshot.ui import app

  page = app.load_page(options.weights, threshold=options.threshold)
  address = app.serve(
    page,
    host=options.host,
    port=options.port,
    max_megabytes=options.max_megabytes,
  )
  print(f'open {address} in a browser; Ctrl-C ends this', file=sys.stderr)
  page.block_thread()
  return 0
