"""Commands, run from a clone: ``python -m launch.NAME --help``."""
