"""Marks every true difference between a good picture and a test picture.

  zeroshot inspect good.png part7.png
  zeroshot inspect good.png part7.png --out=DIR --json
  zeroshot inspect --manifest=PAIRS.csv --out=DIR
  zeroshot inspect part.recipe part7.png part8.png --out=DIR

PAIRS.csv has the columns reference,test[,name], its paths relative to its own
folder. Started again, a list goes on where it was stopped, and rows that could
not be inspected are tried again. With --shard=2/8 every eighth row is done,
from the second on: eight processes, each with its own --out, share a list.
--engine=ray shares it among the processes of a Ray cluster. Lists, pictures and
results may be URLs (s3://, gs://); results are Parquet then, as with Ray.

With a recipe of ``zeroshot teach`` in place of the good picture there may be
any number of test pictures, folders of them and patterns such as 'in/*.png'.

Exit statuses: 0 no difference, 1 differences, 2 something could not be
inspected.
"""

from __future__ import annotations

import argparse
import dataclasses
import os

from zeroshot.commands import arguments
from zeroshot.data import limits, records
from zeroshot.inspection import shards
from zeroshot.inspection.options import (
  ENGINES,
  ORDERS,
  PRECISIONS,
  RUNTIMES,
  InspectOptions,
)

SUMMARY = 'inspect one pair of pictures, or a list of pairs'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add(
    'reference',
    nargs='?',
    metavar='REFERENCE',
    help='picture of a good part, or a recipe',
  )
  add('test', nargs='*', metavar='TEST', help='picture of the part under test')
  add('--manifest', metavar='PAIRS.csv', help='list of pairs, in place of one')
  add('--out', metavar='DIR', help='folder for results and pictures')
  add('--json', action='store_true', help='print results as JSON, one a line')
  add(
    '--sort',
    choices=ORDERS,
    default='confidence',
    help='order of the boxes, the highest first (default: %(default)s)',
  )
  add('--name', help="of the one pair (default: the test picture's)")
  _add_list_arguments(parser)
  _add_reading_arguments(parser)
  _add_detection_arguments(parser)
  _add_runtime_arguments(parser)


def _add_list_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that share a list among several processes."""
  add = parser.add_argument
  add(
    '--shard',
    type=_parse_shard,
    metavar='I/N',
    help='inspect the I-th of N shares of the list, 1/N to N/N',
  )
  add(
    '--engine',
    choices=ENGINES,
    default='local',
    help="'ray' shares a list among the processes of a Ray cluster; its "
    'results are Parquet (default: local)',
  )
  add(
    '--actors',
    type=int,
    default=0,
    metavar='N',
    help='processes of --engine=ray (default: its cores but one)',
  )


def _add_reading_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that decide how pictures are read."""
  add = parser.add_argument
  add(
    '--max_megapixels',
    type=float,
    default=limits.MAX_MEGAPIXELS,
    metavar='N',
    help='refuse larger pictures (default: %(default)g)',
  )
  add(
    '--bits',
    type=int,
    choices=range(8, 17),
    metavar='N',
    help='bits that samples stored in 16 use, 8 to 16 (default: found from the '
    'values)',
  )


def _add_runtime_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that decide what runs the network."""
  parser.add_argument(
    '--runtime',
    choices=RUNTIMES,
    default='auto',
    help='what runs the network (default: JAX on a GPU or TPU, else '
    'onnxruntime)',
  )
  parser.add_argument(
    '--precision',
    choices=PRECISIONS,
    default='f32',
    help="of OpenVINO's arithmetic (default: %(default)s)",
  )


def _add_detection_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that decide what is detected, and where."""
  add = parser.add_argument
  add(
    '--weights',
    default='default',
    help='name of weights that ship, or a file (default: %(default)s)',
  )
  add(
    '--threshold',
    type=float,
    metavar='T',
    help='least confidence that counts, 0 to 1 (default: the calibrated one)',
  )
  _add_size_arguments(parser)
  add(
    '--kinds',
    choices=('topology', 'none'),
    help="what differences are called: 'topology' has the words of circuit "
    "boards, 'none' calls all 'difference' (default: as the weights say)",
  )
  add(
    '--local_field',
    choices=('on', 'off'),
    help='a smooth displacement after the registration, as of a lens or a bent '
    'board, where it clearly helps (default: as the weights say)',
  )
  add(
    '--roi',
    action='append',
    default=[],
    type=arguments.parse_region,
    metavar='X1,Y1,X2,Y2',
    help='inspect this part of the test picture alone; may be repeated',
  )
  add(
    '--ignore',
    metavar='MASK.png',
    help="picture of the test picture's size; where it is not black is ignored",
  )


def _add_size_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that decide what is too small to be reported."""
  add = parser.add_argument
  add(
    '--min_size',
    metavar='SIZE',
    help='report no smaller difference: 24 or 24px, or 0.3mm with --mm_per_px; '
    'the pictures are compared at a resolution that fits it',
  )
  add(
    '--mm_per_px',
    type=float,
    metavar='MM',
    help='side of a pixel of the test picture on the part, in millimetres',
  )


def _parse_shard(text: str) -> shards.Shard:
  try:
    return shards.parse(text)
  except ValueError as error:
    raise argparse.ArgumentTypeError(str(error)) from error


def run(options: argparse.Namespace) -> int:
  """Inspects the pair or the list that the options name."""
  tests: list[str] = options.test
  names = {field.name for field in dataclasses.fields(InspectOptions)}
  values = {name: getattr(options, name) for name in names - {'test'}}
  request = InspectOptions(**values, test=tests[0] if tests else None)
  if _is_recipe(request.reference):
    from zeroshot.commands import inspect_recipe

    return inspect_recipe.run(request, tests)
  if len(tests) > 1:
    raise ValueError(
      f'{len(tests)} test pictures: give one; several go with a recipe of '
      'zeroshot teach, or in a list, --manifest=PAIRS.csv'
    )
  _check_request(request)
  if request.writes_parquet:
    from zeroshot.commands import inspect_cluster

    return inspect_cluster.run(request)
  if request.manifest is not None:
    from zeroshot.commands import inspect_list

    return inspect_list.run(request)
  from zeroshot.commands import inspect_pair

  return inspect_pair.run(request)


def _is_recipe(path: str | None) -> bool:
  """Whether the good part is a recipe, which the picture of none looks like."""
  if path is None:
    return False
  if not path.lower().rstrip('/').endswith(('.recipe', '.zip')):
    return os.path.isfile(os.path.join(path, 'recipe.json'))
  return True


def _check_request(request: InspectOptions) -> None:
  """Refuses options that do not go together, and sizes that are none."""
  request.least  # noqa: B018  raises ValueError
  if request.actors < 0 or (request.actors and request.engine != 'ray'):
    raise ValueError(
      f'--actors={request.actors} is a number of processes of --engine=ray; '
      'give both, or neither'
    )
  if request.manifest is not None:
    if request.reference is not None or request.name is not None:
      raise ValueError('--manifest goes without REFERENCE, TEST and --name')
    if request.out is None:
      raise ValueError('--manifest needs --out=DIR for its results')
    if request.writes_parquet and (request.shard or request.json):
      raise ValueError(
        '--engine=ray, and URLs, go without --shard and --json: the cluster '
        'shares the list, and the results are Parquet'
      )
  elif request.shard is not None or request.engine != 'local':
    raise ValueError(
      '--shard and --engine are of a list; give --manifest=PAIRS.csv'
    )
  elif request.reference is None or request.test is None:
    manifest = request.reference or ''
    if not manifest.lower().endswith(records.TABLES + records.JSON_LINES):
      manifest = 'PAIRS.csv'
    raise ValueError(f'give REFERENCE and TEST, or --manifest={manifest}')
