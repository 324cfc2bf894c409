"""Runs the command `broadsheet` as `python -m graph`."""

from graph.command.main import main

main(prog_name="broadsheet")
