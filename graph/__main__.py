"""`python -m graph` is the command `broadsheet`."""

from graph.cli import main

main(prog_name="broadsheet")
