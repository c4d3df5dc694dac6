"""Drawn boards with known defects; they share no code with training.

Files:
  painter     copper patterns, and binarised photographs of them
  defects     the six defects of DeepPCB, drawn into a pattern
  pairs       reference and test picture of one board
  large_pair  a colour pair of any size, with defects where tiles meet
"""
