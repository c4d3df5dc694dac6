"""The network: two pictures -> one logit per pixel.

Files:
  blocks         convolution, normalisation, residual block, resampling
  encoder        picture -> features at strides 2, 4, 8, 16; shared by both
  matching       matches each test feature with the reference's
  siamese        encoder, matching, differences, decoder
  symmetric      the same from either side: pictures may be swapped
  early_fusion   the paper's own network, the ablation's baseline
  build          config.model -> module; the only place that opens it
"""
