"""The TinyDB backend: durable files below, indexes in memory above."""
