"""Commands: what a person types, from `broadsheet serve` to `broadsheet keys add`."""
