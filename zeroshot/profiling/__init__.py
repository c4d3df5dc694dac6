"""Costs of inspection and training: time, memory, arithmetic.

Files:
  cost          size, operations, pace and memory of one config
  dry_run       what a training would compute and need, before it starts
  runtimes      milliseconds per stage, in JAX and in ONNX Runtime
  recipe_table  one good part against a recipe of several
  alignments    how often known moves are aligned right
  large_pair    memory and time of inspecting a large pair
  line_load     pace, times and memory of a server of recipes
"""
