"""What somebody ought to do by a day: an answer to a question with a date, never a timer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from kernel.sites import EVERY_SITE, speaks_for


class DueKind(StrEnum):
    """What a person ought to do, in every service's words."""

    CLOSE_SAFETY_TASK = "CLOSE_SAFETY_TASK"
    JUDGE_DOUBLES = "JUDGE_DOUBLES"
    CLOSE_SESSION = "CLOSE_SESSION"
    SIGN_NOTE = "SIGN_NOTE"
    CHECK_ROSTER = "CHECK_ROSTER"
    SIGN_PLAN = "SIGN_PLAN"
    REVIEW_PLAN = "REVIEW_PLAN"
    CERTIFY_PLAN = "CERTIFY_PLAN"
    EXTEND_AUTHORIZATION = "EXTEND_AUTHORIZATION"
    ISSUE_CLAIM = "ISSUE_CLAIM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`about_id`: what it is about.

    It is told from `since` on, and late after `until`; None: nobody set a last day. What is due by
    the moment has `due_at`, and is late from then on. `person` empty: anybody in one of the roles.
    """

    kind: DueKind
    about_id: str
    roles: tuple[str, ...]
    since: date
    until: date | None = None
    due_at: datetime | None = None
    client_id: str = ""
    site_id: str = ""
    person: str = ""
    detail: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAsked:
    """As things stood at the end of `on`, with what will be due within `ahead_days`.

    `zone`: whose days these are. `now`: when it is asked.
    """

    on: date
    now: datetime
    ahead_days: int = 0
    site_id: str = ""
    person: str = ""
    zone: str = "UTC"
    # Those whose the asker is told of.
    sites: frozenset[str] = frozenset({EVERY_SITE})

    @property
    def moment(self) -> datetime:
        """The last of the day."""
        return datetime.combine(self.on, time.max, tzinfo=ZoneInfo(self.zone))

    @property
    def horizon(self) -> date:
        """What is due later is not told."""
        return self.on + timedelta(days=self.ahead_days)

    def day_of(self, moment: datetime) -> date:
        """The date of that moment, there."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def is_late(self, due: Due) -> bool:
        """By the day; by the moment where it has one: of today, as it is now."""
        if due.due_at is not None:
            today = self.day_of(self.now) == self.on
            return due.due_at < (self.now if today else self.moment)
        return due.until is not None and due.until < self.on


def at_each_site(
    asked: DueAsked, clocks: Mapping[str, str], find: Callable[[DueAsked], Iterable[Due]]
) -> list[Due]:
    """What is found by each site's own day, and whether it is late there.

    `clocks`: site → IANA time zone. What belongs to no site that is known there has the days asked
    for: those of UTC.
    """
    found: list[Due] = []
    for zone in sorted({asked.zone, *clocks.values()}):
        there = replace(asked, zone=zone)
        found += [
            replace(due, overdue=there.is_late(due))
            for due in find(there)
            if clocks.get(due.site_id, asked.zone) == zone
        ]
    return found


def due_of(found: Iterable[Due], asked: DueAsked) -> list[Due]:
    """Those that were asked for, what is late first."""
    wanted = [task for task in found if _is_wanted(task, asked)]
    return sorted(wanted, key=lambda task: (task.until or task.since, task.kind, task.about_id))


def _is_wanted(due: Due, asked: DueAsked) -> bool:
    if asked.site_id and due.site_id != asked.site_id:
        return False
    if not speaks_for(asked.sites, due.site_id):
        return False
    # A person is named by a subject, `staff/<id>`, or by the id alone.
    if asked.person and due.person.rpartition("/")[2] != asked.person.rpartition("/")[2]:
        return False
    return due.since <= asked.horizon
