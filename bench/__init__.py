"""Measures Broadsheet beside others in the same run; each command prints a table."""
