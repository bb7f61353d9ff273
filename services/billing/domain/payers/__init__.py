"""Payers and their rules as data: proposed, confirmed, tried on examples."""
