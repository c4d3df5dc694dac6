"""Trained parameters as safetensors files, and the shipped ones.

files  reads and writes weights files

``procedural.safetensors`` is loaded by its name; ``procedural.md`` beside it is
its model card. ``default`` is two of them, see ``files.members``.
"""
