"""Counts what an operation asks for, so that limits can refuse it before it runs.

`selections` counts a selection set with all that is below it, `conditions` what the store must look for, and
`arithmetic` adds and multiplies costs whose page sizes are known only with the variables.
"""
