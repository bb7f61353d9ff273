"""What operators use: what is parked, status, verify, and why a fact is as it is."""
