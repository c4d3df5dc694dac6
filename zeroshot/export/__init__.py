"""The network and its settings as one file, for other runtimes than JAX.

metadata          what the file says of itself
network           weights -> a function to convert, and its metadata
onnx_format       ONNX, for ONNX Runtime and others
stablehlo_format  StableHLO, for whoever has JAX and none of this package
runner            inspects pairs with either file; Runner is its door
archive           zip archives that depend on their content alone
bundle            the runner as one file, to be copied beside the other
"""
