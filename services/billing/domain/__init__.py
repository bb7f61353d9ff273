"""Pure decisions and derivations: what a day is worth, and how claims are cut."""
