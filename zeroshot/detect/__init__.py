"""Parameters + pictures -> score map -> boxes -> kinds."""
