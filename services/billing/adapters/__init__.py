"""Stored names, publication, what is heard, questions in SQL, the file."""
