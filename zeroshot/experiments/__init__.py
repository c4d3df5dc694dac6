"""A run from its config to its figures: set-up, evaluation, calibration."""
