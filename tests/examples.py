"""Binds the calls of a module's example to the signatures that they name.

  unresolved = examples.check(module)

A name is looked up in the example's own imports and assignments, in the module
and among the modules of the tree. What a call returns is known by its
annotation, so that methods of the result are checked too.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import textwrap
import typing
from types import ModuleType

import zeroshot
from tests import codebase

_CALL = re.compile(r'^(\w+(, \*?\w+)* = )?[a-z]\w*(\.\w+)*\(')
_MODULES = [
  '.'.join(file.relative_to(codebase.ROOT).with_suffix('').parts)
  for file in codebase.python_files('zeroshot', 'data_tools')
  if file.stem != '__init__'
]


class Unresolved(Exception):
  """A name of an example stands for nothing known."""


def blocks(docstring: str) -> list[str]:
  """Parts of a docstring that are code: paragraphs with a call in them."""
  result = []
  for paragraph in docstring.split('\n\n')[1:]:
    lines = paragraph.strip('\n').splitlines()
    if re.match(r'\S.*:$', lines[0]) and len(lines) > 1:
      lines = lines[1:]
    text = textwrap.dedent('\n'.join(lines))
    if any(map(_CALL.match, text.splitlines())):
      result.append(re.sub(r',\s*\.\.\.\)', ', **_)', text))
  return result


def check(module: ModuleType) -> list[str]:
  """Binds all calls of the module's examples.

  Args:
    module: imported.

  Returns:
    Functions that could not be resolved, as they are written.

  Raises:
    SyntaxError: an example is not Python.
    TypeError: a call does not fit its function's signature.
    AttributeError: a class has no such name.
  """
  unresolved = []
  for block in blocks(inspect.getdoc(module) or ''):
    names = {**vars(builtins), 'zeroshot': zeroshot, **vars(module)}
    for statement in ast.parse(block).body:
      if isinstance(statement, ast.Import | ast.ImportFrom):
        exec(ast.unparse(statement), names)
      for node in ast.walk(statement):
        if isinstance(node, ast.Call):
          try:
            _bind(node, _resolve(node.func, names))
          except Unresolved:
            unresolved.append(ast.unparse(node.func))
      if isinstance(statement, ast.Assign):
        _assign(statement, names)
  return unresolved


def _resolve(node: ast.expr, names: dict[str, object]) -> object:
  """What an expression stands for, or the class of what it stands for."""
  if isinstance(node, ast.Name) and node.id in names:
    return names[node.id]
  if isinstance(node, ast.Attribute):
    owners = _owners(node.value, names)
    for owner in owners:
      if hasattr(owner, node.attr):
        return getattr(owner, node.attr)
    if isinstance(node.value, ast.Name) and node.value.id in names:
      raise AttributeError(f'{ast.unparse(node)}: there is no {node.attr!r}')
  if isinstance(node, ast.Call):
    return _class_returned(_resolve(node.func, names))
  raise Unresolved


def _owners(node: ast.expr, names: dict[str, object]) -> list[object]:
  """What may be meant by the expression before a dot."""
  owners = []
  try:
    owners.append(_resolve(node, names))
  except Unresolved:
    if not isinstance(node, ast.Name):
      raise
  if isinstance(node, ast.Name) and not any(map(inspect.isclass, owners)):
    owners += [
      importlib.import_module(name)
      for name in _MODULES
      if name.endswith(f'.{node.id}')
    ]
  return owners


def _class_returned(function: object) -> object:
  if inspect.isclass(function):
    return function
  try:
    result = typing.get_type_hints(function).get('return')
  except (NameError, TypeError):
    raise Unresolved from None
  if not inspect.isclass(result):
    raise Unresolved
  return result


def _assign(statement: ast.Assign, names: dict[str, object]) -> None:
  """Remembers of what class a name is from here on."""
  nodes = [n for target in statement.targets for n in ast.walk(target)]
  targets = [n.id for n in nodes if isinstance(n, ast.Name)]
  for name in targets:
    names.pop(name, None)
  if len(targets) == 1 and isinstance(statement.value, ast.Call):
    try:
      names[targets[0]] = _resolve(statement.value, names)
    except Unresolved:
      return


def _is_open(argument: ast.expr) -> bool:
  """Whether it is ``*arguments`` or ``...``."""
  return isinstance(argument, ast.Starred) or ast.unparse(argument) == '...'


def _bind(call: ast.Call, function: object) -> None:
  """Raises TypeError where the arguments do not fit the signature."""
  if not callable(function):
    raise Unresolved
  try:
    signature = inspect.signature(function)
  except ValueError:  # of a builtin
    raise Unresolved from None
  args: list[object] = [a for a in call.args if not _is_open(a)]
  is_open = len(args) < len(call.args) or None in [k.arg for k in call.keywords]
  if inspect.isfunction(function) and [*signature.parameters][:1] == ['self']:
    args = [None, *args]
  bind = signature.bind_partial if is_open else signature.bind
  try:
    bind(*args, **{k.arg: k.value for k in call.keywords if k.arg})
  except TypeError as error:
    raise TypeError(f'{ast.unparse(call)}: {error}') from error
