"""Writes a folder of results as one HTML file.

notes = write.write(Path('results'), Path('results/report.html'))
"""

from __future__ import annotations

from pathlib import Path

from zeroshot.inspection.folder import RUN
from zeroshot.inspection.lot import LOT
from zeroshot.page import MAX_PICTURES, evaluated, inspected, lot


def write(
  folder: Path, out: Path, *, max_pictures: int = MAX_PICTURES
) -> tuple[str, ...]:
  """Writes the page of an inspect, watch or evaluate folder.

  Args:
    folder: that ``zeroshot inspect --out``, ``zeroshot watch --out`` or
      ``launch.evaluate --out`` wrote.
    out: the HTML file; an existing one is replaced.
    max_pictures: pairs to show with their pictures, at most.

  Returns:
    Notes for the reader, a sentence each, which the page also shows.

  Raises:
    ValueError: the folder is none of the three, a file of it is damaged, or a
      value is out of range.
  """
  if max_pictures < 0:
    raise ValueError(f'max_pictures is {max_pictures}; give 0 or more')
  if not folder.is_dir():
    raise ValueError(f'{folder}: there is no such folder')
  if (folder / evaluated.METRICS).is_file():
    return evaluated.write(folder, out, max_pictures=max_pictures)
  if (folder / RUN).is_file():
    return inspected.write(folder, out, max_pictures=max_pictures)
  if (folder / LOT).is_file():
    return lot.write(folder, out, max_pictures=max_pictures)
  raise ValueError(
    f'{folder}: holds neither {RUN} nor {evaluated.METRICS} nor {LOT}; give '
    'a folder of zeroshot inspect --out, zeroshot watch --out or '
    'launch.evaluate --out'
  )
