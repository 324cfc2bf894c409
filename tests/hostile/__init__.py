"""Attacks on a real `broadsheet serve` over the real schema: what ../shared/reliability.md lists, tried on loopback."""
