"""Which versions of what is sealed say the same, part by part: all that others hear of it."""

from collections.abc import Iterable, Sequence


def first_said(sealed: Sequence[object], version: int, parts: Iterable[str]) -> dict[str, int]:
    """Part → the first version that says it as this one does; `sealed`: every one, from the first.

    Of two versions the same number means the same content.
    """
    said = sealed[version - 1]
    return {
        part: next(
            number
            for number, other in enumerate(sealed, start=1)
            if getattr(other, part) == getattr(said, part)
        )
        for part in parts
    }
