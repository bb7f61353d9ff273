"""Stored names, publication, views."""
