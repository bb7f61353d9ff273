"""Stored names, publication, sealed documents, tables."""
