"""From a bare Python to metrics and pictures, in one command.

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

ROOT = Path(__file__).resolve().parents[1]
CONFIG = '--config=configs/smoke.py'
PROTOCOLS = ('official', 'shrunk', 'as-published', 'coco')
COLUMNS = ('ap', 'precision', 'recall', 'f_score')


def main() -> None:
  """Runs every step, then prints the metrics and where the pictures are."""
  arguments = parse_arguments(sys.argv[1:])
  sys.path.insert(0, str(ROOT))
  from zeroshot.runtime import environment

  environment.enter('cpu', 'test')
  os.environ['JAX_COMPILATION_CACHE_DIR'] = str(ROOT / '.cache' / 'jax')
  os.environ['JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS'] = '0.5'
  start = time.monotonic()
  for title, command in plan(arguments):
    run(title, command)
  splits = [arguments.split] if arguments.pcbdata else []
  for split in ('generated', *splits):
    folder = arguments.out / f'evaluation-{split}'
    print(f'\n{table(folder)}\npictures: {folder / "pictures"}')
  print(f'\ndone in {time.monotonic() - start:.0f} s', flush=True)


def parse_arguments(words: list[str]) -> argparse.Namespace:
  """Parses the command line; a wrong one ends the program."""
  parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[0])
  add = parser.add_argument
  add('--pcbdata', type=Path, help='folder that holds the split lists')
  add('--split', default='trainval', help='name of a list, without .txt')
  add('--steps', type=int, default=200, help='of the training')
  add('--max_pairs', type=int, default=200, help='of PCBDATA; 0 takes all')
  add('--out', type=Path, default=ROOT / 'runs' / 'quickstart', help='folder')
  arguments = parser.parse_args(words)
  arguments.out = arguments.out.resolve()
  if arguments.pcbdata is not None:
    arguments.pcbdata = arguments.pcbdata.resolve()
    split = arguments.pcbdata / f'{arguments.split}.txt'
    if not split.is_file():
      parser.error(f'--pcbdata: there is no list {split}')
  return arguments


def plan(arguments: argparse.Namespace) -> list[tuple[str, list[str]]]:
  """Title and ``python -m`` arguments of each step, in order."""
  out, root, split = arguments.out, arguments.pcbdata, arguments.split
  workdir, limit = f'--workdir={out}/train', f'max_pairs={arguments.max_pairs}'

  def evaluate(root: Path, split: str, limit: str) -> tuple[str, list[str]]:
    command = ['launch.evaluate', CONFIG, workdir, f'--config.eval.root={root}']
    command += [f'--config.eval.split={split}', f'--config.eval.{limit}']
    return f'evaluate on {split}', [*command, f'--out={out}/evaluation-{split}']

  length = f'--config.train.steps={arguments.steps}'
  train = ['launch.train', CONFIG, workdir, length]
  draw = ['data_tools.make_pairs', f'--out={out}/generated', '--num_pairs=12']
  steps = [
    ('train on procedural pairs', train),
    ('draw a small set of boards', [*draw, '--seed=0']),
    evaluate(out / 'generated', 'generated', 'max_pairs=0'),
  ]
  if root is None:
    return steps
  # A picture that cannot be read would otherwise stop the last step.
  check = ['data_tools.check', f'--root={root}', f'--split={split}']
  first = f'check the pictures of {split}', [*check, f'--{limit}']
  return [first, *steps, evaluate(root, split, limit)]


def run(title: str, command: list[str]) -> None:
  """Runs a module of this repository and stops the program where it fails."""
  print(f'\n== {title}\n   python -m {" ".join(command)}', flush=True)
  start = time.monotonic()
  code = subprocess.run([sys.executable, '-m', *command], cwd=ROOT).returncode
  if code:
    print(f'stopped: "{title}" failed with exit code {code}', file=sys.stderr)
    sys.exit(code if code > 0 else 128 - code)
  print(f'   {time.monotonic() - start:.0f} s', flush=True)


def table(folder: Path) -> str:
  """The metrics of an evaluation, one line for each protocol."""
  metrics = json.loads((folder / 'metrics.json').read_text(encoding='utf-8'))
  official = metrics['official']
  lines = [
    f'{folder.name}: {official["num_images"]} pairs, '
    f'{official["num_ground_truth"]} defects, step {metrics["step"]}, '
    f'{metrics["seconds_per_pair"]:.2f} s a pair',
    f'{"protocol":14}' + ''.join(f'{name:>11}' for name in COLUMNS),
  ]
  for protocol in PROTOCOLS:
    values = (metrics[protocol][name] for name in COLUMNS)
    cells = ('-' if value is None else f'{value:.4f}' for value in values)
    lines.append(f'{protocol:14}' + ''.join(f'{cell:>11}' for cell in cells))
  return '\n'.join(lines)


if __name__ == '__main__':
  main()
