"""From a bare Python to figures and pictures, in one command.

  python3 launch/quickstart.py [--pcbdata=DIR] [--split=trainval] [--out=DIR]

It sets up the environment, trains configs/smoke.py on procedural pairs,
restores the checkpoint, evaluates it on a small set drawn by
data_tools.make_pairs and, where ``--pcbdata`` is given, on real boards.
A step that fails ends the program with that step's own message and exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONFIG = 'configs/smoke.py'
PROTOCOLS = ('official', 'shrunk', 'as-published', 'coco')
COLUMNS = ('ap', 'precision', 'recall', 'f_score')


def main() -> None:
  """Runs every step, then prints the figures and where the pictures are."""
  arguments = parse_arguments()
  sys.path.insert(0, str(ROOT))
  from launch import environment

  environment.enter('cpu', 'test')
  start = time.monotonic()
  out: Path = arguments.out.resolve()
  workdir = out / 'train'
  generated = out / 'generated'
  if arguments.pcbdata is not None:
    check(
      arguments.pcbdata.resolve(),
      arguments.split,
      max_pairs=arguments.max_pairs,
    )
  step(
    'train on procedural pairs',
    ['launch.train', f'--config={CONFIG}', f'--workdir={workdir}'],
  )
  step(
    'draw a small set of boards',
    ['data_tools.make_pairs', f'--out={generated}', '--num_pairs=12']
    + ['--seed=0'],
  )
  results = [evaluate(workdir, generated, 'generated', out, max_pairs=0)]
  if arguments.pcbdata is not None:
    results.append(
      evaluate(
        workdir,
        arguments.pcbdata.resolve(),
        arguments.split,
        out,
        max_pairs=arguments.max_pairs,
      )
    )
  for folder in results:
    print(f'\n{table(folder)}\npictures: {folder / "pictures"}')
  print(f'\ndone in {time.monotonic() - start:.0f} s', flush=True)


def parse_arguments() -> argparse.Namespace:
  """The command line; a wrong one ends the program before anything runs."""
  parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[0])
  parser.add_argument(
    '--pcbdata', type=Path, help='folder that holds the split lists'
  )
  parser.add_argument(
    '--split', default='trainval', help='name of a list, without .txt'
  )
  parser.add_argument(
    '--max_pairs', type=int, default=200, help='of PCBDATA; 0 takes all'
  )
  parser.add_argument(
    '--out', type=Path, default=ROOT / 'runs' / 'quickstart', help='folder'
  )
  arguments = parser.parse_args()
  if arguments.pcbdata is not None:
    split = arguments.pcbdata / f'{arguments.split}.txt'
    if not split.is_file():
      parser.error(f'--pcbdata: there is no list {split}')
  return arguments


def check(root: Path, split: str, *, max_pairs: int) -> None:
  """Tries the pictures now; a bad one would stop the last step, minutes on."""
  step(
    f'check the pictures of {split}',
    [
      'data_tools.check',
      f'--root={root}',
      f'--split={split}',
      f'--max_pairs={max_pairs}',
    ],
  )


def evaluate(
  workdir: Path, root: Path, split: str, out: Path, *, max_pairs: int
) -> Path:
  """Evaluates the trained checkpoint; returns the folder of the results."""
  folder = out / f'evaluation-{split}'
  step(
    f'evaluate on {split}',
    [
      'launch.evaluate',
      f'--config={CONFIG}',
      f'--workdir={workdir}',
      f'--config.eval.root={root}',
      f'--config.eval.split={split}',
      f'--config.eval.max_pairs={max_pairs}',
      f'--out={folder}',
    ],
  )
  return folder


def step(title: str, command: list[str]) -> None:
  """Runs a module of this repository and stops the program where it fails."""
  print(f'\n== {title}\n   python -m {" ".join(command)}', flush=True)
  start = time.monotonic()
  variables = {
    **os.environ,
    'JAX_COMPILATION_CACHE_DIR': str(ROOT / '.cache' / 'jax'),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.5',
  }
  code = subprocess.run(
    [sys.executable, '-m', *command], cwd=ROOT, env=variables
  ).returncode
  if code:
    print(f'stopped: "{title}" failed with exit code {code}', file=sys.stderr)
    sys.exit(code if code > 0 else 128 - code)
  print(f'   {time.monotonic() - start:.0f} s', flush=True)


def table(folder: Path) -> str:
  """The figures of an evaluation, one line for each protocol."""
  text = (folder / 'metrics.json').read_text(encoding='utf-8')
  metrics: dict[str, Any] = json.loads(text)
  official = metrics['official']
  lines = [
    f'{folder.name}: {official["num_images"]} pairs, '
    f'{official["num_ground_truth"]} defects, step {metrics["step"]}, '
    f'{metrics["seconds_per_pair"]:.2f} s a pair',
    f'{"protocol":14}' + ''.join(f'{name:>11}' for name in COLUMNS),
  ]
  for protocol in PROTOCOLS:
    figures = (number(metrics[protocol][name]) for name in COLUMNS)
    lines.append(
      f'{protocol:14}' + ''.join(f'{figure:>11}' for figure in figures)
    )
  return '\n'.join(lines)


def number(value: float | None) -> str:
  """A figure in four places; a dash where it is undefined."""
  if value is None or value != value:
    return '-'
  return f'{value:.4f}'


if __name__ == '__main__':
  main()
