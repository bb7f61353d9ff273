"""What a scrub says: what is wrong and where, never with a value."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from re import Pattern

from services.billing.domain.x12.envelope.elements import NotRepresentable
from services.billing.domain.x12.t837.scrub_rules import Rule


@dataclass(frozen=True, slots=True)
class ScrubFinding:
    """What is wrong, and where. Neither path nor message holds a value."""

    code: str
    path: str
    message: str


def finding(rule: Rule, path: str, message: str | None = None) -> ScrubFinding:
    """A rule is broken at this path."""
    return ScrubFinding(rule.name, path, message or rule.value)


def misshapen(
    named: Iterable[tuple[str, str]], shape: Pattern[str], rule: Rule
) -> Iterator[ScrubFinding]:
    """A finding for each value of another shape."""
    return (finding(rule, path) for path, value in named if not shape.fullmatch(value))


def repeated(named: Sequence[tuple[str, Hashable]], rule: Rule) -> Iterator[ScrubFinding]:
    """A finding for each use after the first."""
    uses: Counter[Hashable] = Counter()
    for path, value in named:
        uses[value] += 1
        if uses[value] > 1:
            yield finding(rule, path)


def unwritable(
    segments: Iterable[str], known: Iterable[ScrubFinding] = ()
) -> Iterator[ScrubFinding]:
    """What only the writer refuses: lengths and characters."""
    try:
        for _ in segments:
            pass
    except NotRepresentable as refused:
        if refused.field not in {found.path for found in known}:
            yield finding(Rule.NOT_REPRESENTABLE, refused.field, refused.reason)
