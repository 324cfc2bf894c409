"""`python -m graph` is the command `broadsheet`."""

from graph.command.main import main

main(prog_name="broadsheet")
