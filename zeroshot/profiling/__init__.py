"""Costs of inspection and training: time, memory, arithmetic.

Files:
  cost          size, operations, pace and memory of one config
  dry_run       what a training would compute and need, before it starts
  runtimes      milliseconds per stage, in JAX and in ONNX Runtime
  recipe_table  one good part against a recipe of several
  alignments    how often known moves are aligned right
  large_pair    memory and time of inspecting a large pair
  line_load     pace, times and memory of a server of recipes

Files of the check of a borrowed device:
  device_check      what is measured, in which order
  device_record     what was measured so far, and the time that is left
  device_training   the training step at one setting
  device_inference  the network in batches, and files to boxes
  device_trace      the shares of a step, by a profiler's trace
  device_peaks      what devices could do at most
"""
