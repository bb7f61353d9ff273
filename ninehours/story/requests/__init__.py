"""Requests of the story that take more than its moments and ids; a module for each service."""
