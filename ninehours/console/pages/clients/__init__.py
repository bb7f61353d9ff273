"""Clients: found by what somebody knows of them, registered, read, and put right."""
