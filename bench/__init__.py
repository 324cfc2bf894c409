"""Measurements: each prints a table, with what others do in the same run."""
