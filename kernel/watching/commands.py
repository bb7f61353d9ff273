"""Commands, counted by what became of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol, TypeVar

from kernel.refusal import NotYet, Refusal, Stale
from kernel.supposing import is_supposing
from kernel.watching.metrics import COMMANDS


class Became(StrEnum):
    """What became of a command: every value of the label `outcome`."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"  # accepted, and nothing was left to record
    REPEATED = "repeated"  # accepted before, and answered the same
    REFUSED = "refused"
    CONFLICT = "conflict"  # others changed what it rests on
    SUPPOSED = "supposed"  # a dry run: accepted, and nothing recorded
    NOT_YET = "not_yet"  # what it rests on isn't heard yet
    FAILED = "failed"  # the database is away or busy, another service is, or nobody foresaw it


for became in Became:
    COMMANDS.labels(became)  # at 0 from the beginning


class _Recorded(Protocol):
    @property
    def facts(self) -> Sequence[object]: ...


D = TypeVar("D", bound=_Recorded)


class CountedCommand:
    """What is known of one that is under way."""

    became = Became.FAILED

    def repeated(self, outcome: D) -> D:
        """It was answered so before."""
        self.became = Became.REPEATED
        return outcome

    def decided(self, outcome: D) -> D:
        """It was decided, and recorded what it led to."""
        self.became = Became.ACCEPTED if outcome.facts else Became.UNCHANGED
        if is_supposing():
            self.became = Became.SUPPOSED
        return outcome


@contextmanager
def counted_command() -> Iterator[CountedCommand]:
    """Counts one command at its end: by what is said of it in here, or by what is raised."""
    command = CountedCommand()
    try:
        yield command
    except Refusal as refusal:
        command.became = _of(refusal)
        raise
    finally:
        COMMANDS.labels(command.became).inc()


def _of(refusal: Refusal) -> Became:
    match refusal:
        case Stale():
            return Became.CONFLICT
        case NotYet():
            return Became.NOT_YET
    return Became.REFUSED
