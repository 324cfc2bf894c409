"""The files of a TinyDB store: a snapshot, journals, and the lock beside them."""
