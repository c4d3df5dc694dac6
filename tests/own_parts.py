"""Pictures such as the reader of docs/own-parts.md would take."""

from __future__ import annotations

import numpy as np

from zeroshot.boards import defects, painter
from zeroshot.data import pictures
from zeroshot.evaluate import retakes

SIZE_PX = 192
MARGIN_PX = 8  # of the drawn boxes; a reader's have none
# A mounted camera: the part moves a little, and so does the light.
TAKE = {
  'shift_px': 3.0,
  'rotation_deg': 0.5,
  'scale_change': 0.005,
  'brightness': 0.05,
  'contrast': 0.1,
  'gamma_log2': 0.1,
  'blur_px': 0.5,
  'noise_std': 0.02,
}


def take(folder):
  """Writes ``parts``: golden.jpg, ten good parts, and a trial with labels.

  Args:
    folder: the reader's clone.
  """
  parts, rng = folder / 'parts', np.random.default_rng(0)
  for name in ('good', 'trial', 'labels'):
    (parts / name).mkdir(parents=True)
  board = painter.draw(rng, size_px=SIZE_PX)
  (parts / 'labels' / 'classes.txt').write_text('open\nshort\n')

  def photograph(copper, name, **nuisances):
    image = painter.photograph(rng, copper, shift_px=0.0)
    image = np.repeat(image[..., None], 3, axis=2) * 0.6 + 0.2
    if nuisances:
      ranges = retakes.RetakeRanges(**nuisances)
      image = retakes.simulate_retake(image, rng, ranges)
    pictures.write_picture(parts / name, image)

  photograph(board.copper, 'golden.jpg')
  for number in range(1, 16):
    name = 'good' if number <= 10 else 'trial'
    photograph(board.copper, f'{name}/{number:02d}.jpg', **TAKE)
    if name == 'trial':
      (parts / 'labels' / f'{number}.txt').touch()
  for number in range(16, 21):
    copper, placed = defects.add(rng, board, kinds=('open', 'short'))
    # In the grid of the boxes.
    still = {**TAKE, 'shift_px': 0.0, 'rotation_deg': 0.0, 'scale_change': 0.0}
    photograph(copper, f'trial/{number}.jpg', **still)
    lines = [_yolo(defect) for defect in placed]
    (parts / 'labels' / f'{number}.txt').write_text(''.join(lines))


def _yolo(defect):
  inset = np.array([1, 1, -1, -1]) * MARGIN_PX
  x1, y1, x2, y2 = (np.array(defect.box) + inset) / SIZE_PX
  number = ('open', 'short').index(defect.kind)
  return (
    f'{number} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} '
    f'{x2 - x1:.6f} {y2 - y1:.6f}\n'
  )
