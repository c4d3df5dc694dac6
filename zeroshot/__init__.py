"""Marks every true difference between a reference picture and a test picture.

The rooms, from the last word to the first (a room imports only rooms below):

  report       results -> pictures
  evaluate     predictions + truth -> figures
  transfer     labelled pairs -> windows with pixel targets
  detect       parameters + pictures -> score map -> boxes -> kinds
  train        state, step, loop
  weights      parameters as files, and those that ship
  runs         a run as others see it: its parameters, its checkpoints
  checkpoints  the only user of orbax
  losses       masked pixel and region losses
  model        the Siamese discrepancy network
  synthesis    key -> Pair(reference, test, mask)
  data         host side: pictures, background bank, DeepPCB and other pairs
  processes    what the processes of a run tell each other
  locks        one process at a time in a folder
  rng          named streams of keys
  types        Pair, Boxes and the notation legend
"""
