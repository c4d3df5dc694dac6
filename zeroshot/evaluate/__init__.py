"""Predictions + truth -> figures: matching, average precision, protocols."""
