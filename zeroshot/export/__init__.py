"""The network and its settings as one file, for other runtimes than JAX.

metadata          the description that the file carries
description       weights -> the metadata of their file
network           weights -> a function in JAX to convert
writer            the exported file and its runner, written
onnx_format       ONNX, for ONNX Runtime and others
stablehlo_format  StableHLO, for whoever has JAX and none of this package
runner            Runner: inspects pairs with a file of either format
archive           reproducible zip archives
bundle            the runner as one file, to be copied beside the other
"""
