"""Knowledge of circuit boards, and of nothing else.

Files:
  topology      boxes -> kinds, by what a difference does to the conductor
  conductors    a picture -> conductor and board, where it has the two
  surroundings  the conductor around one box, before and after
"""
