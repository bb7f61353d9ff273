"""Stored names, publication, what is heard, derived rows."""
