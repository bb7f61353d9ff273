"""A draft's one id, by which it is listed, published, explained, and named when it is left out."""

from kernel.facts import derived_id


def draft_id(key: str) -> str:
    """Of the draft's key: the same as long as it is cut the same way."""
    return str(derived_id("draft claim", key))
