"""Verdicts a second, times and memory of ``zeroshot serve`` under load.

  python -m launch.line_load --recipe=part.recipe --picture=part7.png
      [--clients=4] [--seconds=60] [--queue=16] [--workers=0]

Starts the server on a free port of this machine, sends the picture from as many
clients at a time, prints a table, and stops the server. Other load on the
machine is part of the times.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from zeroshot.profiling import line_load, runtimes
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Measures and prints."""
  del argv
  options = flags.FLAGS
  arguments = [f'--queue={options.queue}', f'--workers={options.workers}']
  with line_load.server([options.recipe], *arguments) as served:
    figures = line_load.press(
      served,
      options.picture,
      clients=options.clients,
      seconds=options.seconds,
    )
  print(line_load.to_markdown(figures))
  print(f'\n{options.clients} clients, {runtimes.describe_machine()}')


if __name__ == '__main__':
  flags.DEFINE_string('recipe', None, 'Recipe to serve.', required=True)
  flags.DEFINE_string('picture', None, 'Picture to send.', required=True)
  flags.DEFINE_integer('clients', 4, 'Clients at a time.', lower_bound=1)
  flags.DEFINE_float('seconds', 60, 'How long.', lower_bound=1)
  flags.DEFINE_integer('queue', 16, 'Requests that may wait.', lower_bound=0)
  flags.DEFINE_integer('workers', 0, 'Threads; 0: as the server chooses.')
  cli.run(main)
