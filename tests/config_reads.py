"""Records which fields of a config code really reads.

reads = Recorder(monkeypatch)
config = reads.track(default.get_config())
build_optimizer(config.train)
assert ('train', 'clip_norm') in reads.paths
"""

from __future__ import annotations

import ml_collections


class Recorder:
  """Records reads of the fields of configs, and of their copies.

  What ``to_dict`` returns records in turn: a section that is handed over whole
  counts only where its fields are taken out, by name, loop or ``**``. Writing a
  config to a file, comparing and copying it are no reads.

  Attributes:
    paths: of the fields that were read, as tuples of names.
  """

  def __init__(self, monkeypatch):
    self.paths = set()
    self._sections = {}  # id -> (section, which keeps the id, its path)
    self._is_paused = False
    kind = ml_collections.ConfigDict
    get, to_dict = kind.__getitem__, kind.to_dict
    copy, update = kind.copy_and_resolve_references, kind.update

    def record_get(section, name):
      self._record(section, name)
      return get(section, name)

    def record_to_dict(section, *arguments, **settings):
      plain = self._quietly(to_dict, section, *arguments, **settings)
      _, path = self._sections.get(id(section), (None, None))
      return plain if path is None else _Section(plain, path, self.paths)

    def track_copy(section, *arguments):
      copied = self._quietly(copy, section, *arguments)
      _, path = self._sections.get(id(section), (None, None))
      return copied if path is None else self.track(copied, path)

    def update_quietly(section, *others, **fields):
      # Fields that are overwritten are not read; what overwrites them is.
      given = [dict(other.items()) for other in others]
      return self._quietly(update, section, *given, **fields)

    monkeypatch.setattr(kind, '__getitem__', record_get)
    monkeypatch.setattr(kind, 'to_dict', record_to_dict)
    monkeypatch.setattr(kind, 'copy_and_resolve_references', track_copy)
    monkeypatch.setattr(kind, 'update', update_quietly)

  def track(self, config, path=()):
    """Records reads of a config and of its sections from now on."""
    self._sections[id(config)] = config, path
    for name, value in config._fields.items():
      if isinstance(value, ml_collections.ConfigDict):
        self.track(value, (*path, name))
    return config

  def _record(self, section, name):
    if not self._is_paused and id(section) in self._sections:
      self.paths.add((*self._sections[id(section)][1], name))

  def _quietly(self, function, *arguments, **settings):
    before, self._is_paused = self._is_paused, True
    try:
      return function(*arguments, **settings)
    finally:
      self._is_paused = before


class _Section(dict):
  """A section as ``to_dict`` returns it; records what is taken out."""

  def __init__(self, values, path, paths):
    super().__init__(
      (name, _Section(value, (*path, name), paths))
      if isinstance(value, dict)
      else (name, value)
      for name, value in values.items()
    )
    self._path, self._paths = path, paths

  def __getitem__(self, name):
    self._paths.add((*self._path, name))
    return super().__getitem__(name)

  def __iter__(self):  # so that ``**`` calls __getitem__
    return super().__iter__()

  def items(self):
    return [(name, self[name]) for name in self]

  def values(self):
    return [self[name] for name in self]
