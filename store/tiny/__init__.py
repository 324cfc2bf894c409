"""Implements a store over a file that TinyDB opens: documents on disk, indexes in memory.

`store` is the façade. A write passes through `edits` (what is stored) and `announcements` (what
subscribers get); `gate` keeps reads and writes apart, and `waiting` wakes those that wait for a change.
"""
