"""What billing knows of one client: facts heard and its own, and what was attended by them."""
