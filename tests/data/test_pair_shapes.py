"""``check_pair_shapes``: the shapes and dtypes that a pair needs."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data.pair_shapes import check_pair_shapes


def image(*shape: int, dtype: type = np.float32) -> np.ndarray:
  return np.zeros(shape, dtype)


def test_two_images_of_one_size_pass():
  check_pair_shapes(image(4, 5, 3), image(4, 5, 3, dtype=np.uint8))
  check_pair_shapes(image(4, 5, 3), image(4, 5, 3), dtype=np.float32)


@pytest.mark.parametrize(
  ('reference', 'test', 'message'),
  [
    (image(4, 5), image(4, 5), r'the reference picture is float32 \(4, 5\)'),
    (image(4, 5, 3), image(4, 5, 4), r'the test picture is .*\(4, 5, 4\)'),
    (image(4, 5, 3), image(4, 6, 3), r'\(4, 5, 3\).*\(4, 6, 3\).*of one size'),
    (
      image(4, 5, 3),
      image(4, 5, 3, dtype=np.uint8),
      r'the test picture is uint8.*\[H, W, 3\], float32',
    ),
  ],
)
def test_a_pair_that_does_not_fit_is_named(reference, test, message):
  with pytest.raises(ValueError, match=message):
    check_pair_shapes(reference, test, dtype=np.float32)
