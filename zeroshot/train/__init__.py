"""Training: state, optimiser, pmapped step, metrics, and the loop.

``loop.train`` is the door. Only ``parallel`` knows how devices are used.
"""
