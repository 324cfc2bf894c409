"""Executes validated operations, by a plan or by the interpreter, and encodes their answers.

A change of how operations are kept, planned or executed belongs here; what a field means is in `graph.schema`, what an
operation may cost in `graph.document`. `operations` prepares them, `operation` executes a query by its `plan`,
`interpreter` anything by graphql-core, and `context` is what resolvers are given.
"""
