"""Owners' keys: what wraps them, where they are kept, how they are moved and destroyed."""
