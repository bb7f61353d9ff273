"""Lists: each is one object that says what is asked and what its columns are, whatever shows it."""
