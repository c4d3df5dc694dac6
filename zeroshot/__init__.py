"""Marks every true difference between a reference picture and a test picture.

The rooms, from the last word to the first (a room imports only rooms below):

  evaluate     predictions + truth -> figures
  detect       parameters + pictures -> score map -> boxes
  train        state, step, loop
  checkpoints  the only user of orbax
  losses       masked pixel and region losses
  model        the Siamese discrepancy network
  synthesis    key -> Pair(reference, test, mask)
  data         host side: pictures, background bank, DeepPCB pairs
  rng          named streams of keys
  types        Pair, Boxes and the notation legend
"""
