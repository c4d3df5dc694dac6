"""Rows of variants, each trained and evaluated, in one table."""
