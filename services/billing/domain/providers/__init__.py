"""Organisations that bill, and the people whom their claims name."""
