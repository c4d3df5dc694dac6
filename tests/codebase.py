"""Figures of the source tree: sizes, signatures, imports, uses of ``Any``.

  python -m tests.codebase [ROOT]    # prints the table and what is over a limit

``tests/test_laws.py`` holds the tree to the limits. Lines are physical lines.
Code is Python and JavaScript, shell scripts and ``.ci/run``; markup, data and
documentation do not count.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CODE = ('zeroshot', 'launch', 'data_tools', 'configs')
SUFFIXES = ('.py', '.js', '.sh', '.sbatch')

MAX_FILE_LINES = 300
MAX_LAUNCH_LINES = 120
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 8
MAX_LATE_IMPORTS = 20
MAX_ANY_PER_1000 = 3.0


class Function(NamedTuple):
  """A function of the tree.

  Attributes:
    name: dotted path within its file, for example ``Detector.load``.
    file: path relative to the root.
    lines: length without its docstring and decorators.
    parameters: number of parameters but ``self`` and ``cls``.
  """

  name: str
  file: str
  lines: int
  parameters: int

  @property
  def place(self) -> str:
    """The function as the lists of exceptions write it: ``file:name``."""
    return f'{self.file}:{self.name}'


def count_lines(file: Path) -> int:
  return len(file.read_text().splitlines())


def python_files(*folders: str, root: Path = ROOT) -> list[Path]:
  return sorted(f for name in folders for f in (root / name).rglob('*.py'))


def lines_of_code(root: Path = ROOT) -> int:
  """Lines of all code but the tests."""
  files = [f for name in CODE for f in (root / name).rglob('*')]
  files = [f for f in files if f.suffix in SUFFIXES]
  return sum(map(count_lines, [*files, root / '.ci/run']))


def lines_of_tests(root: Path = ROOT) -> int:
  """Lines of the tests' Python."""
  return sum(map(count_lines, python_files('tests', root=root)))


def functions(*folders: str, root: Path = ROOT) -> list[Function]:
  """All functions and methods, nested ones too, longest first."""
  result = []
  for file in python_files(*folders, root=root):
    name = file.relative_to(root).as_posix()
    result += _functions(ast.parse(file.read_text()), name, ())
  return sorted(result, key=lambda f: (-f.lines, f.place))


def _functions(
  node: ast.AST, file: str, scope: tuple[str, ...]
) -> Iterator[Function]:
  for child in ast.iter_child_nodes(node):
    if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
      inner = (*scope, child.name)
      yield Function('.'.join(inner), file, _length(child), _arity(child))
      yield from _functions(child, file, inner)
    elif isinstance(child, ast.ClassDef):
      yield from _functions(child, file, (*scope, child.name))
    else:
      yield from _functions(child, file, scope)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
  assert function.end_lineno is not None
  lines = function.end_lineno - function.lineno + 1
  if ast.get_docstring(function, clean=False) is None:
    return lines
  docstring = function.body[0]
  assert docstring.end_lineno is not None
  return lines - (docstring.end_lineno - docstring.lineno + 1)


def _arity(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
  args = function.args
  names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
  return len([name for name in names if name not in ('self', 'cls')])


def late_imports(*folders: str, root: Path = ROOT) -> list[str]:
  """``file:line`` of each import that runs when a function is called."""
  return [
    f'{file.relative_to(root).as_posix()}:{line}'
    for file in python_files(*folders, root=root)
    for line in _late_imports(ast.parse(file.read_text()), inside=False)
  ]


def _late_imports(node: ast.AST, *, inside: bool) -> Iterator[int]:
  for child in ast.iter_child_nodes(node):
    if isinstance(child, ast.Import | ast.ImportFrom):
      if inside:
        yield child.lineno
    elif isinstance(child, ast.If) and 'TYPE_CHECKING' in ast.dump(child.test):
      for statement in child.orelse:
        yield from _late_imports(statement, inside=_is_function(statement))
    else:
      yield from _late_imports(child, inside=inside or _is_function(child))


def _is_function(node: ast.AST) -> bool:
  return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def any_uses(*folders: str, root: Path = ROOT) -> list[tuple[int, str]]:
  """How often each file that uses ``typing.Any`` does, most first."""
  result = []
  for file in python_files(*folders, root=root):
    nodes = ast.walk(ast.parse(file.read_text()))
    count = sum(isinstance(n, ast.Name) and n.id == 'Any' for n in nodes)
    if count:
      result.append((count, file.relative_to(root).as_posix()))
  return sorted(result, key=lambda item: (-item[0], item[1]))


def long_files(root: Path = ROOT) -> list[tuple[int, str]]:
  """Python files of code and tests over their limit, longest first."""
  result = []
  for file in python_files(*CODE, 'tests', root=root):
    name = file.relative_to(root).as_posix()
    limit = MAX_LAUNCH_LINES if name.startswith('launch/') else MAX_FILE_LINES
    lines = count_lines(file)
    if lines > limit:
      result.append((lines, name))
  return sorted(result, key=lambda item: (-item[0], item[1]))


def _table(root: Path) -> list[tuple[str, str]]:
  files = python_files(*CODE, root=root)
  every = functions(*CODE, root=root)
  late = late_imports(*CODE, root=root)
  uses = sum(count for count, _ in any_uses(*CODE, root=root))
  share = 1000 * uses / sum(map(count_lines, files))
  longest = max(files, key=count_lines)
  launch = python_files('launch', root=root)
  wide = [f for f in every if f.parameters > MAX_PARAMETERS]
  return [
    ('lines of code', f'{lines_of_code(root):,}'),
    ('lines of tests', f'{lines_of_tests(root):,}'),
    ('lines of launch/*.py', f'{sum(map(count_lines, launch)):,}'),
    ('longest file', f'{count_lines(longest)} {longest.relative_to(root)}'),
    ('longest function', f'{every[0].lines} {every[0].place}'),
    (f'functions over {MAX_PARAMETERS} parameters', f'{len(wide)}'),
    ('Any per 1,000 lines', f'{share:.1f}'),
    ('imports inside functions', f'{len(late)}'),
  ]


def _offenders(root: Path) -> Iterator[str]:
  yield 'Files over their limit'
  yield from (f'  {lines:5} {name}' for lines, name in long_files(root))
  every = functions(*CODE, root=root)
  yield f'Functions over {MAX_FUNCTION_LINES} lines'
  for f in every:
    if f.lines > MAX_FUNCTION_LINES:
      yield f'  {f.lines:5} {f.place}'
  yield f'Functions over {MAX_PARAMETERS} parameters'
  for f in every:
    if f.parameters > MAX_PARAMETERS:
      yield f'  {f.parameters:5} {f.place}'
  yield 'Imports inside functions'
  yield from (f'  {place}' for place in late_imports(*CODE, root=root))
  yield 'Uses of Any'
  for count, name in any_uses(*CODE, root=root):
    yield f'  {count:5} {name}'


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('root', nargs='?', type=Path, default=ROOT)
  root = parser.parse_args().root.resolve()
  for name, value in _table(root):
    print(f'{name:28}{value}')
  print(*_offenders(root), sep='\n')


if __name__ == '__main__':
  main()
