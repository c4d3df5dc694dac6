"""Checks that two pictures have one size; the errors if not.

pair_shapes.check_pair_shapes(reference, test, dtype=np.float32)
"""

from __future__ import annotations

from numpy.typing import DTypeLike

from zeroshot.data import headers
from zeroshot.data.limits import Path, printable
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
  for name, image in (('reference', reference), ('test', test)):
    check_picture_shape(image, name, dtype=dtype)
  if reference.shape != test.shape:
    raise ValueError(
      f'the reference picture has shape {reference.shape}, the test picture '
      f'{test.shape}; give two RGB images [H, W, 3] of one size: crop or '
      'resize one of them'
    )


def check_picture_shape(
  image: HostArray, name: str, *, dtype: DTypeLike | None = None
) -> None:
  """Checks that an array is an RGB image ``[H, W, 3]``.

  Args:
    image: any array.
    name: ``'reference'`` or ``'test'``, for the error.
    dtype: that it must have; None allows any.

  Raises:
    ValueError: its shape or dtype is wrong.
  """
  remedy = 'give two RGB images [H, W, 3]'
  if dtype is not None:
    remedy += f', {dtype.__name__ if isinstance(dtype, type) else dtype}'
  is_rgb = image.ndim == 3 and image.shape[2] == 3
  if not is_rgb or dtype not in (None, image.dtype):
    raise ValueError(
      f'the {name} picture is {image.dtype} {image.shape}; {remedy}'
    )


def describe_mismatch(
  reference_path: Path,
  test_path: Path,
  reference_size: tuple[int, ...],
  test_size: tuple[int, ...],
) -> str:
  """The error text for two files of different sizes.

  Args:
    reference_path: file of the reference picture.
    test_path: file of the test picture.
    reference_size: its height and width, pixels.
    test_size: its height and width, pixels.
  """
  sizes = [f'{width}x{height}' for height, width in (reference_size, test_size)]
  return (
    f'sizes differ: reference {printable(reference_path)} is {sizes[0]} and '
    f'test {printable(test_path)} is {sizes[1]}; take both with the same '
    'settings, or resize one to the other'
    f'{describe_orientations(reference_path, test_path)}'
  )


def describe_orientations(reference_path: Path, test_path: Path) -> str:
  """A remark on EXIF orientations that differ; '' if they do not."""
  tags = headers.orientation(reference_path), headers.orientation(test_path)
  if tags[0] == tags[1]:
    return ''
  return (
    f' (their EXIF orientations differ, {tags[0]} and {tags[1]}, and are not '
    'applied: save both upright)'
  )
