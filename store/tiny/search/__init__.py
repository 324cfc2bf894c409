"""Full text: words, the index, and where they matched."""
