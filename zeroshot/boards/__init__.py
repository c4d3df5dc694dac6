"""Drawn boards with known defects; they share no code with training."""
