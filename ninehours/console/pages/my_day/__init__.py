"""My day: safety tasks by deadline, notes that nobody signed, plans and reviews that are due."""
