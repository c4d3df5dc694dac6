"""The inspectors, the desk and the metrics of one server.

line = station.Station([detector], settings.Settings(), log)
line.choose('cap').inspect('part7.png')
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from zeroshot.line import desk, metrics
from zeroshot.line.inspector import Inspector
from zeroshot.line.refusals import Refusal
from zeroshot.line.settings import Settings
from zeroshot.types import JsonObject

_SETTINGS = ('created', 'threshold', 'min_size', 'mm_per_px')  # of a recipe


class Station:
  """What the requests of one server share.

  Attributes:
    settings: limits.
    log: see ``logs.start``.
    desk: admits requests.
    metrics: counts them.
    is_stopping: whether a signal came: what is accepted is still answered.
  """

  def __init__(
    self,
    inspectors: Sequence[Inspector],
    settings: Settings,
    log: logging.Logger,
  ) -> None:
    """Takes one inspector for each recipe.

    Raises:
      ValueError: there is none, or two have one name.
    """
    names = Counter(each.name for each in inspectors)
    if not names:
      raise ValueError('no recipe is given; give one or more')
    twice = [name for name, count in names.items() if count > 1]
    if twice:
      raise ValueError(
        f'two recipes have the name {twice[0]!r}, by which requests choose '
        'one; rename one of them'
      )
    self._inspectors = {each.name: each for each in inspectors}
    self.settings = settings
    self.log = log
    self.desk = desk.Desk(threads=settings.threads, queue=settings.queue)
    self.metrics = metrics.Metrics(
      taken=lambda: self.desk.taken, places=self.desk.places
    )
    self.is_stopping = False

  @property
  def names(self) -> list[str]:
    """The recipes, in the order given."""
    return list(self._inspectors)

  def describe(self) -> list[JsonObject]:
    """The recipes, with the settings that matter to who asks for verdicts."""
    return [
      {'name': name, **_settings_of(each)}
      for name, each in self._inspectors.items()
    ]

  def choose(self, name: str | None) -> Inspector:
    """The inspector of a recipe.

    Args:
      name: of the recipe; None is the only one.

    Raises:
      Refusal: there is no such recipe, or several and no name.
    """
    served = ', '.join(map(repr, self._inspectors))
    if name is None:
      if len(self._inspectors) == 1:
        return next(iter(self._inspectors.values()))
      raise Refusal(
        422, 'no recipe', f'several recipes are served; name one: {served}'
      )
    if name not in self._inspectors:
      raise Refusal(
        404, 'no such recipe', f'{name[:80]!r} is not served; {served} are'
      )
    return self._inspectors[name]


def _settings_of(inspector: Inspector) -> JsonObject:
  """Of the detector of a recipe; nothing of others."""
  recipe = getattr(inspector, 'recipe', None)
  return {key: getattr(recipe, key) for key in _SETTINGS if recipe is not None}
