"""What payers authorized, what is used of it, and which day takes its units from which."""
