"""One function per use case, one per question."""
