"""One run: set-up, evaluation, calibration."""
