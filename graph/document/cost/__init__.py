"""Counts what an operation asks for, before anything of it runs."""
