"""X12 of billing: pure, in seconds."""
