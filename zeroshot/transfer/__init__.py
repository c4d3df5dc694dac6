"""Labelled pairs -> windows with pixel targets, for training to crop from.

Files:
  targets    annotated boxes + pictures -> which pixels belong to which box
  windows    labelled pairs -> Windows, packed for the device
"""
