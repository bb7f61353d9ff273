"""Answers to why: asked of the services, told in words, shown as a tree or as a page."""
