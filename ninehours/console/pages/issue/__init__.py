"""Issuing: what would leave, what stays and why, before anything does; and then, once."""
