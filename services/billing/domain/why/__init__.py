"""Days and claims explained, in words; and what they would be under other rules."""
