"""Attacks a real `broadsheet serve` over the real schema, on loopback, as ../shared/reliability.md lists it."""
