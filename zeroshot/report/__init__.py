"""Results as pictures.

drawing   reference, test with boxes and score map side by side
"""
