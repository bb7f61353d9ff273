"""What somebody ought to do by a day: an answer to a question with a date, never a timer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`kind`: as the contract's DueItem; `about_id`: what it is about.

    It is told from `since` on, and late after `until`; None: nobody set a last day. `person` empty:
    anybody in one of the roles.
    """

    kind: str
    about_id: str
    roles: tuple[str, ...]
    since: date
    until: date | None = None
    client_id: str = ""
    site_id: str = ""
    person: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAsked:
    """As things stood at the end of `on` (UTC), with what will be due within `ahead_days`."""

    on: date
    ahead_days: int = 0
    site_id: str = ""
    person: str = ""

    @property
    def moment(self) -> datetime:
        """The last of the day."""
        return datetime.combine(self.on, time.max, tzinfo=UTC)

    @property
    def horizon(self) -> date:
        """What is due later is not told."""
        return self.on + timedelta(days=self.ahead_days)


def due_of(found: Iterable[Due], asked: DueAsked) -> list[Due]:
    """Those that were asked for, what is late first."""
    wanted = [each for each in found if _is_wanted(each, asked)]
    return sorted(wanted, key=lambda each: (each.until or each.since, each.kind, each.about_id))


def _is_wanted(due: Due, asked: DueAsked) -> bool:
    if asked.site_id and due.site_id != asked.site_id:
        return False
    # A person is named by a subject, `staff/<id>`, or by the id alone.
    if asked.person and due.person.rpartition("/")[2] != asked.person.rpartition("/")[2]:
        return False
    return due.since <= asked.horizon
