"""The reference picture, aligned with the test picture.

Files:
  register       the move, whether it may be made, and the aligned reference
  coarse_search  pyramid, search over turns and scales, refinement
  gauss_newton   the last pixels
  transforms     matrices, resampling, plausible moves
  warp           a matrix and a local field, between pictures of two sizes
  local_field    what a matrix leaves, as a smooth field
  patch_shifts   shifts of patches between an aligned pair
  stiff_spline   a stiff field through such shifts, some of them wrong
  lighting       brightness and contrast of one picture under the other's
"""
