"""Trained parameters as safetensors files, and the shipped ones.

files  reads and writes weights files

``default.safetensors`` is loaded by its name; ``default.md`` beside it is its
model card.
"""
