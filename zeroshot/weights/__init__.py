"""Trained parameters as safetensors files, and those that ship.

``default.safetensors`` is loaded by its name; ``default.md`` beside it is its
model card.
"""
