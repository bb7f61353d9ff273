"""Pure decisions and derivations."""
