"""Executes validated operations, by a plan or by the interpreter, and encodes their answers.

A change of how operations are prepared, planned or executed belongs here; what a field means is in `graph.schema`, what
an operation may cost in `graph.document`. `operations` prepares them and holds the latest, `planned` executes a query
by its `plan`, `interpreter` anything by graphql-core, value by value; `execution` declares what all of these have in
common, and `context` is what resolvers are given.

A slow query: the log says how it was answered. If it was not planned, look here why; if its answer is long to put
together (many fields, many levels), in `plan`; if its articles are long to find, in `store.tiny.memory` (filters,
orders, facets) and `store.tiny.search`.
"""
