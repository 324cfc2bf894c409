"""Articles on their way in, and kept: files become documents, documents become records, records answer criteria.

Nothing in this package knows of GraphQL or of HTTP.
"""
