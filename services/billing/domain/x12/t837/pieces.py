"""A written claim file in pieces: each claim's own, and what stands around them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from services.billing.domain.x12.envelope import ELEMENT, TERMINATOR

SUBSCRIBER = "22"  # the level of a 2000B loop, which has one claim


@dataclass(frozen=True, slots=True)
class FilePiece:
    """Segments in a row. `claim`: the number (CLM01) of the one claim that they are about, with its
    subscriber; empty: they name no client."""

    claim: str
    content: str


def pieces_of(content: str) -> Iterator[FilePiece]:
    """All of the file, in order: joined, they are the file."""
    loop = 0
    numbered: list[tuple[int, str]] = []
    is_subscribers = False
    for segment in content.splitlines(keepends=True):
        elements = segment.strip().rstrip(TERMINATOR).split(ELEMENT)
        if elements[0] in ("HL", "SE"):
            loop += 1
            is_subscribers = elements[0] == "HL" and elements[3] == SUBSCRIBER
        numbered.append((loop if is_subscribers else -loop, segment))
    for number, group in groupby(numbered, key=lambda pair: pair[0]):
        segments = [segment for _, segment in group]
        yield FilePiece(_claim_of(segments) if number > 0 else "", "".join(segments))


def _claim_of(segments: list[str]) -> str:
    [claim] = [segment for segment in segments if segment.startswith(f"CLM{ELEMENT}")]
    return claim.split(ELEMENT)[1]
