"""Pages: each asks services as the person, and says what is shown of their answers."""
