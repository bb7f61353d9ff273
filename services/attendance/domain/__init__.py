"""Pure decisions: who was where, and when."""
