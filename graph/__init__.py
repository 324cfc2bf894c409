"""A request on its way to its answer: HTTP in, a GraphQL operation planned once, the store read in batches, bytes out.

This package may import `store`, never the reverse.
"""
