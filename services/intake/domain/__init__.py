"""Pure decisions: who is known, consented, covered, assessed, diagnosed and admitted."""
