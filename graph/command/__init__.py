"""Reads what a person types, from `broadsheet serve` to `broadsheet keys add`, and prints what comes of it.

Here belong a new command, a new flag and how a report looks on a terminal; a setting of the server is declared in
`graph.settings` and is a flag by that.
"""
