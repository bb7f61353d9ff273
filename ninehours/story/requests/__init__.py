"""What is said in the story: the requests, filled from the cast; a module for each service."""
