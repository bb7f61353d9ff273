"""A claim: what it says, what became of it, and what a biller records of it and of its days."""
