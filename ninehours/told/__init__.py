"""What services answered, as text that more than one surface shows; it asks nobody."""
