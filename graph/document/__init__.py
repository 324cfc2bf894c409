"""From the text of a document to a parsed, validated and counted one."""
