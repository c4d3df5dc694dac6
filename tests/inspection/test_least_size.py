"""The least size as text, and its errors."""

from __future__ import annotations

import pytest

from zeroshot.inspection import least_size
from zeroshot.inspection.least_size import LeastSize


@pytest.mark.parametrize(
  ('text', 'mm_per_px', 'px'),
  [
    ('24', None, 24),
    (' 24 px', None, 24),
    ('1.5PX', None, 1.5),
    (7, None, 7),
    ('0.3mm', 0.02, 15),
    ('3e-1 mm', 0.02, 15),
    ('24', 0.02, 24),
    ('0', None, 0),
  ],
)
def test_a_size_is_read_in_pixels_or_millimetres(text, mm_per_px, px):
  assert least_size.parse(text, mm_per_px) == pytest.approx(px)


@pytest.mark.parametrize(
  ('text', 'mm_per_px', 'words'),
  [
    ('0.3mm', None, 'give mm_per_px'),
    ('3 cm', 0.02, "the unit 'cm'"),
    ('24 pixels', None, "the unit 'pixels'"),
    ('small', None, 'is no size'),
    ('', None, 'is no size'),
    ('1.2.3', None, 'is no size'),
    (float('nan'), None, 'is no size'),
    ('-1', None, 'from 0 to'),
    ('1e9', None, 'from 0 to'),
    ('0.3mm', 0, 'mm_per_px is 0'),
    ('24', float('inf'), 'mm_per_px is inf'),
    ('24', -1, 'mm_per_px is -1'),
  ],
)
def test_a_wrong_size_is_refused_by_its_text(text, mm_per_px, words):
  with pytest.raises(ValueError, match=words):
    least_size.parse(text, mm_per_px)


def test_a_least_size_has_the_scale_of_the_picture():
  assert least_size.of(None) == LeastSize(0, None)
  assert least_size.of('0.3mm', 0.02) == LeastSize(pytest.approx(15), 0.02)
  assert least_size.of(LeastSize(9, 0.1)) == LeastSize(9, 0.1)
  assert least_size.of(9, 0.1).to_mm(20) == pytest.approx(2)
  assert least_size.of(9).to_mm(20) is None
  with pytest.raises(ValueError, match='mm_per_px'):
    least_size.of(LeastSize(9, -0.1))
