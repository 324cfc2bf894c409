"""Finds articles by full text: `fulltext` the index, `words` what both sides compare, `highlighting` the matches."""
