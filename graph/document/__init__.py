"""Parses, limits, counts and validates a document, before anything of it is executed.

A new limit on documents or variables belongs here (its number is a setting, `graph.settings`), and so does a change of
what an operation costs. The stages run in this order: `parse` limits the text, its tokens and their nesting; `limits`
holds what `cost` counts of each operation to its limits, and variables to theirs; `validate` bounds its own work.
"""
