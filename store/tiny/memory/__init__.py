"""The articles in memory, and the indexes that answer for them."""
