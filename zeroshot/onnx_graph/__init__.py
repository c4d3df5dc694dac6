"""Weights -> the network as an ONNX graph, without JAX.

graph         Graph: nodes and constants, collected one after the other
layers        convolutions, normalization and enlarging
sampling      bilinear sampling
matching      local matching of features
siamese       the Siamese network
symmetric     the symmetric network
early_fusion  the source paper's network
model         weights -> an ONNX file's content, and whose it is
cache         the ONNX files of shipped weights, built once
"""
