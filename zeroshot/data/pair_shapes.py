"""One check of the arrays of a pair, before they are compared.

pair_shapes.check_pair_shapes(reference, test, dtype=np.float32)
"""

from __future__ import annotations

from numpy.typing import DTypeLike

from zeroshot.types import HostArray


def check_pair_shapes(
  reference: HostArray, test: HostArray, *, dtype: DTypeLike | None = None
) -> None:
  """Checks that a pair is two RGB images ``[H, W, 3]`` of one size.

  Args:
    reference: any array.
    test: any array.
    dtype: that both must have; None allows any.

  Raises:
    ValueError: names the picture whose shape or dtype is wrong, or both shapes
      where the sizes differ.
  """
  remedy = 'give two RGB images [H, W, 3] of one size'
  if dtype is not None:
    remedy += f', {dtype.__name__ if isinstance(dtype, type) else dtype}'
  for name, image in (('reference', reference), ('test', test)):
    is_rgb = image.ndim == 3 and image.shape[2] == 3
    if not is_rgb or dtype not in (None, image.dtype):
      raise ValueError(
        f'the {name} picture is {image.dtype} {image.shape}; {remedy}'
      )
  if reference.shape != test.shape:
    raise ValueError(
      f'the reference picture has shape {reference.shape}, the test picture '
      f'{test.shape}; {remedy}: crop or resize one of them'
    )
