"""The reference picture, aligned with the test picture.

Files:
  register       the move, whether it may be made, and the aligned reference
  coarse_search  pyramid, search over turns and scales, refinement
  gauss_newton   the last pixels
  transforms     matrices, resampling, plausible moves
  warp           a matrix and a local field, between pictures of two sizes
  lighting       brightness and contrast of one picture under the other's
"""
