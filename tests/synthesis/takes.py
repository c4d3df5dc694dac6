"""Settings of relief scenes at toy size, and what their labels should be."""

from __future__ import annotations

import numpy as np

from configs import default

MARGIN = 8
SIZE = 32  # of the pictures
GEOMETRY = ('shift', 'rotation', 'scale', 'warp')
_WARP_CELL_PX = 32.0  # not an argument of the compiled program
LEAST = default.get_synthesis().relief.min_change


def settings(*names, **values):
  """Of relief scenes, each of the named nuisances always and no other.

  Args:
    *names: of groups with a probability, those of the camera too.
    **values: shares and other numbers to replace; shares are 0.
  """
  relief = default.get_synthesis().relief.to_dict()
  del relief['warp']['cell_px']
  left = set(names)
  for group in (relief, relief['camera']):
    for name, value in group.items():
      if name.endswith('_share'):
        group[name] = 0.0
      elif isinstance(value, dict) and 'probability' in value:
        value['probability'] = float(name in names)
        left.discard(name)
  assert not left, left
  if 'lamp' not in names:  # known to be off at compile time alone
    relief['lamp']['max_change'] = 0.0
  assert set(values) <= set(relief)
  return relief | values


def every_nuisance():
  """Names of all that differs from take to take."""
  relief = default.get_synthesis().relief
  inside = [*relief.camera]
  outside = ['lamp', 'parallax', 'texture', 'dust', *GEOMETRY]
  return [*inside, *outside]


def nuisance(relief):
  """The settings of the displacement."""
  result = {name: relief[name] for name in GEOMETRY}
  result['warp'] = result['warp'] | dict(cell_px=_WARP_CELL_PX)
  return result


def label(before, after, *, least=LEAST):
  """The mask of two pictures without noise, pixel by pixel."""
  change = np.abs(np.float32(after) - np.float32(before))
  h, w, _ = change.shape
  mask = np.zeros((h, w), np.float32)
  for y in range(h):
    for x in range(w):
      rows = np.clip(np.arange(y - 1, y + 2), 0, h - 1)
      columns = np.clip(np.arange(x - 1, x + 2), 0, w - 1)
      mean = change[np.ix_(rows, columns)].mean((0, 1)).max()
      own = change[y, x].max()
      mask[y, x] = own > 0.5 * least and (mean > least or own > 3 * least)
  return mask
