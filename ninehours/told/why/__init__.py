"""Answers to why, in words: what is said, whatever it is shown on."""
