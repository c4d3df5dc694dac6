"""The reference picture, aligned with the test picture.

Files:
  register      the move, whether it may be made, and the aligned reference
  objections    why a move must not be made
  registration  the outcome: how the reference was moved, and what it made
  search        the best of the candidates, refined to the last level
  candidates    moves that may be right, refined on small copies and checked
  features      rough moves from local features
  turns         rough moves from a correlation at every turn and scale
  refinement    a rough move refined level by level
  corners       corners of a picture, spread over what is compared
  held_out      whether an alignment is right, from points not fitted to
  patches       what aligned pictures show in common, patch by patch
  similarity    how alike the pictures are before and after
  repeats       other places where a repeating pattern fits as well
  gauss_newton  the last pixels
  plane         a picture's middle frequencies at one size
  mosaic        windows of large planes, to refine an alignment on
  pyramid       a picture at several sizes
  transforms    matrices and plausible moves
  resampling    pictures read where a matrix leads
  warp          a matrix and a local field, between pictures of two sizes
  local_field   what a matrix leaves, as a smooth field
  patch_shifts  shifts of patches between an aligned pair
  stiff_spline  a stiff field through such shifts, some of them wrong
  lighting      brightness and contrast of one picture under the other's
  sharpness     the sharper of two pictures, blurred as the other is
"""
