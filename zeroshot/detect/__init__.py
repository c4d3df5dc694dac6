"""Parameters + two pictures -> score map -> boxes -> kinds.

Files, in the order in which a pair passes them:
  settings         ``config.detect`` as typed values
  detector         the whole path, for pictures of any size
  scan             a registered pair, scored tile by tile
  pair_input       what detection is given, checked
  two_tone         pairs in black and white have a network of their own
  working_size     pairs compared at a fraction of their resolution
  registered_pair  windows of an aligned and relit pair
  sampling         bands, points and magnified planes of a picture
  tiling           pictures as overlapping tiles
  scorers          the network and its baseline behind one interface
  score            the network on the device, in JAX
  onnx_sessions    ONNX files in ONNX Runtime and OpenVINO
  classical        the baseline: differencing that tolerates moved edges
  baselines        SSIM and the absolute difference
  maps             scores, kinds and box deltas, pixel by pixel
  regions          windows that hold whole components of the score map
  rescore          the pair head's maps in a window of a large picture
  postprocess      window -> boxes with confidences and kinds
  boxes            score map -> boxes
  components       connected pixels above the threshold
  extents          where a difference ends
  measures         its size, contrast and sign
  calibration      scores -> probabilities
  naming           boxes -> kinds
"""
