"""Tools that prepare data: an image bank, a small set of boards."""
