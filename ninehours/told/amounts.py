"""Counts and dollars in words."""


def plural(count: int, one: str) -> str:
    """`1 gate`, `2 gates`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def dollars(minor: int) -> str:
    """$1,234.50 of 123450."""
    return f"${minor / 100:,.2f}" if minor >= 0 else f"-${-minor / 100:,.2f}"
