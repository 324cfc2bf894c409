"""Declares the GraphQL schema: each type in a file of its name, each field once, with its resolver and its cost.

A new field of Article: declare it in `article` (`attribute` if the store's article has it, which begins in `store`;
else `computed` or `batched`), then `make schema`. A new filter: `inputs` and `filters`. A new root field: `query`,
`mutation` or `subscription`. A new scalar or enum: `scalars`, `enums`. How fields are declared and resolved: `fields`,
`extensions`, `loaders`, `conversion`. What the store does to answer is in `store`, limits are in `graph.document`.
"""
