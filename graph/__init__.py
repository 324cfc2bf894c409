"""Answers GraphQL requests: reads them, plans each operation once, reads the store in batches, and writes the bytes.

This package may import `store`, never the reverse.
"""
