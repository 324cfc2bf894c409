"""Answers from memory what is asked of a store, by indexes that each change keeps current.

- articles by number and their indexes: `articles`, `values`, `ranking`
- what a query means: `predicates` (values), `filtering` (sets), `orders`, `paging`, `cursors`, `facets`
- what articles speak of: `links` (each other), `naming` (providers and topics)
- what takes long to find: a filter in `filtering`, an order in `ranking`, a facet in `facets`, words in `tiny.search`
- all of it together: `state`, with a `view` for each kind of reader, `query_cache`; made by `loading`, `cache`
"""
