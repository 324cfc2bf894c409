"""The Strawberry schema: each type and field of the graph, declared once."""
