"""Which id is used of a client who is one person with others."""

from collections.abc import Iterator, Sequence


def id_to_use(asked: str, client_ids: Sequence[str]) -> Iterator[str]:
    """A line for whoever was asked for; none of one who was merged with nobody.

    `client_ids`: every client of the person, the one that goes on first.
    """
    survivor, *absorbed = client_ids or [asked]
    if asked != survivor:
        yield f"merged into {survivor}: what is new is said of that one"
    elif absorbed:
        yield f"one person with {', '.join(absorbed)}"
