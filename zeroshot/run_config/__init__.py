"""Configs as plain values: overrides, and whether two make the same run."""
