"""A day's groups as a desk sees them, of what services answered. Asks nobody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.intake.v1 import chart_service_pb2 as intake

from ninehours.console.pages.mending import InTheWay
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.texts import words


class State(StrEnum):
    """Where somebody is, in a word; each has a shape of its own beside it."""

    EXPECTED = "expected"
    HERE = "here"
    LEFT = "left"
    NO_SHOW = "no_show"
    EXCUSED = "excused"
    CALLED_OFF = "called_off"
    CALLED_OFF_HERE = "called_off_here"
    ATTENDED = "attended"
    MISSED = "missed"


ABSENCES = {
    attendance.ABSENCE_EXCUSED: State.EXCUSED,
    attendance.ABSENCE_BY_CLIENT: State.CALLED_OFF,
    attendance.ABSENCE_BY_PROGRAM: State.CALLED_OFF_HERE,
    attendance.ABSENCE_NO_SHOW: State.NO_SHOW,
}


THERE = frozenset({State.HERE, State.LEFT, State.ATTENDED})


class Cancelling(StrEnum):
    """What a desk says by cancelling a group: that it won't be held, that the program did not hold
    it, or that it broke it off."""

    AHEAD = "ahead"
    NOT_HELD = "not_held"
    BROKEN_OFF = "broken_off"


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A statement as the page shows it: what puts it right names both."""

    statement_id: str
    revision: int

    @property
    def told(self) -> str:
        """As a form carries it."""
        return f"{self.statement_id} {self.revision}"

    @classmethod
    def of_told(cls, told: str) -> "StatedTime | None":
        """None where it isn't one."""
        statement_id, _, revision = told.partition(" ")
        return cls(statement_id, int(revision)) if revision.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """One client at one session; `came` and `left` are by the clock on the wall, `undo` is what was
    said last."""

    session_id: str
    client_id: str
    name: str
    born: str
    expected: bool
    state: State
    came: Sequence[str] = ()
    left: Sequence[str] = ()
    minutes: int | None = None
    arrival: StatedTime | None = None
    departure: StatedTime | None = None
    undo: StatedTime | None = None
    # At this site; None: not admitted there, or not known.
    obstacles: Sequence[InTheWay] | None = None

    @property
    def key(self) -> str:
        """Names the row on its page."""
        return f"{self.session_id}.{self.client_id}"

    @property
    def version(self) -> str:
        """Another one once anything of it was said or put right."""
        said = [each.told for each in (self.arrival, self.departure, self.undo) if each]
        return " ".join([self.state, str(self.expected), *self.came, *self.left, *said])


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One session. `broken_off`: when, by the clock on the wall; `ended`: what was said of its
    being cancelled or broken off."""

    session_id: str
    kind: str
    online: bool
    begins: str
    ends: str
    closed: bool
    cancelled: bool
    begun: bool
    rows: Sequence[RosterLine]
    broken_off: str = ""
    ended: StatedTime | None = None

    @property
    def here(self) -> int:
        """Of those who were to come."""
        return sum(row.expected and row.state is State.HERE for row in self.rows)

    @property
    def walked_in(self) -> int:
        """Who is here, and was not to come."""
        return sum(not row.expected and row.state is State.HERE for row in self.rows)

    @property
    def expected(self) -> int:
        """Everybody who was to come, whether they did or not."""
        return sum(row.expected and row.state is not State.CALLED_OFF_HERE for row in self.rows)

    @property
    def open(self) -> bool:
        return not (self.closed or self.cancelled)

    @property
    def was_held(self) -> bool:
        """It is over: who was there is put right from now on."""
        return self.closed and not self.cancelled

    def is_said_of(self, row: RosterLine) -> bool:
        """Whether something is said of them still: who came before it was cancelled leaves."""
        return self.open or (self.cancelled and row.state is State.HERE)

    @property
    def cancelling(self) -> Cancelling | None:
        """None: it was held, or is cancelled already."""
        if self.ended is not None:
            return None
        if not self.begun:
            return Cancelling.AHEAD
        if all(row.state not in THERE for row in self.rows):
            return Cancelling.NOT_HELD
        return None if self.closed else Cancelling.BROKEN_OFF

    @property
    def version(self) -> str:
        """Another one once something of it changed that stands in no row."""
        told = (
            self.closed,
            self.cancelled,
            self.begun,
            bool(self.rows),
            self.ended and self.ended.told,
        )
        return " ".join([self.kind, self.begins, self.ends, *map(str, told)])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfClients:
    """What is known of clients, by id. `standing`: of those admitted at the site; None: it can't be
    told now, or isn't for who asks."""

    names: Mapping[str, intake.NamedClient]
    standing: Mapping[str, Sequence[InTheWay]] | None


def moment_of(stamp: Timestamp) -> datetime:
    """Aware, in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def clients_of(sessions: Sequence[roster.RecordedSession]) -> list[str]:
    """Everybody who is on a roster or came, each once."""
    return list(
        dict.fromkeys(presence.client_id for session in sessions for presence in session.presences)
    )


def groups_of(
    sessions: Sequence[roster.RecordedSession], told: KnownOfClients, zone: ZoneInfo, now: datetime
) -> list[Group]:
    """As they begin; within each by name."""
    return [_group(session, told, zone, now) for session in sessions]


def _group(
    session: roster.RecordedSession, told: KnownOfClients, zone: ZoneInfo, now: datetime
) -> Group:
    rows = [
        _row(session, presence, told, zone)
        for presence in session.presences
        if presence.on_roster or presence.arrivals or presence.corrections
    ]
    return Group(
        session_id=session.session_id,
        kind=attendance.ServiceKind.Name(session.service_kind),
        online=session.modality == attendance.MODALITY_TELEHEALTH,
        begins=on_the_wall(moment_of(session.starts_at), zone),
        ends=on_the_wall(moment_of(session.ends_at), zone),
        closed=session.closed,
        cancelled=session.HasField("cancelled"),
        broken_off=on_the_wall(moment_of(session.broken_off.given_until), zone)
        if session.HasField("broken_off")
        else "",
        ended=next(
            (_said(getattr(session, each)) for each in ENDS if session.HasField(each)), None
        ),
        begun=moment_of(session.starts_at) <= now,
        rows=sorted(rows, key=lambda row: (row.name.casefold(), row.born, row.client_id)),
    )


def _row(
    session: roster.RecordedSession,
    presence: roster.RecordedPresence,
    told: KnownOfClients,
    zone: ZoneInfo,
) -> RosterLine:
    named = told.names.get(presence.client_id)
    arrivals = sorted(presence.arrivals, key=_when)
    departures = sorted(presence.departures, key=_when)
    last = max([*arrivals, *departures], key=_recorded, default=None)
    undo = last or (presence.absence if presence.HasField("absence") else None)
    is_open = not (session.closed or session.HasField("cancelled"))
    return RosterLine(
        session_id=session.session_id,
        client_id=presence.client_id,
        name=_name(named, presence.client_id),
        born=str(named.birth_date.year) if named and named.HasField("birth_date") else "",
        expected=presence.on_roster,
        state=_state(presence, is_called_off=any(map(session.HasField, ENDS))),
        came=[on_the_wall(moment_of(each.at), zone) for each in arrivals],
        left=[on_the_wall(moment_of(each.at), zone) for each in departures],
        minutes=_minutes(presence),
        arrival=_said(arrivals[-1]) if arrivals else None,
        departure=_said(departures[-1]) if departures else None,
        undo=_said(undo) if undo is not None and is_open else None,
        obstacles=(told.standing or {}).get(presence.client_id),
    )


ENDS = ("cancelled", "broken_off")


def _state(presence: roster.RecordedPresence, *, is_called_off: bool) -> State:
    if presence.corrections:
        held = max(presence.corrections, key=lambda each: each.correction)
        return State.ATTENDED if held.intervals else State.MISSED
    if presence.HasField("closed") and presence.closed.attended:
        return State.ATTENDED
    if presence.HasField("absence"):
        return ABSENCES[presence.absence.absence]
    if presence.HasField("closed"):
        return State.MISSED
    if presence.arrivals:
        is_here = len(presence.arrivals) > len(presence.departures)
        return State.HERE if is_here else State.LEFT
    return State.CALLED_OFF_HERE if is_called_off else State.EXPECTED


def _minutes(presence: roster.RecordedPresence) -> int | None:
    if presence.corrections:
        return int(max(presence.corrections, key=lambda each: each.correction).minutes)
    return int(presence.closed.minutes) if presence.HasField("closed") else None


def _name(named: intake.NamedClient | None, client_id: str) -> str:
    if named is None or named.text_forgotten:
        return client_id
    return full_name(named.family_name, named.given_name)


def full_name(family_name: str, given_name: str) -> str:
    """`Abbott, Robin`: as rosters are sorted by."""
    return ", ".join(filter(None, (family_name, given_name)))


def _when(moment: roster.RecordedMoment) -> datetime:
    return moment_of(moment.at)


def _recorded(moment: roster.RecordedMoment) -> tuple[datetime, datetime]:
    return moment_of(moment.recorded_at), moment_of(moment.at)


def _said(recorded: Any) -> StatedTime:
    return StatedTime(recorded.statement_id, recorded.revision)


def first_expected(groups: Sequence[Group], after: str = "") -> str:
    """The row that the focus belongs on: of those expected, the next one after that row, or the
    first; empty: nobody is expected any more."""
    rows = [row for group in groups if group.open for row in group.rows]
    keys = [row.key for row in rows]
    begin = keys.index(after) + 1 if after in keys else 0
    around = [*rows[begin:], *rows[:begin]]
    return next((row.key for row in around if row.state is State.EXPECTED), "")


def row_to_rest_on(groups: Sequence[Group], after: str = "") -> str:
    """Where nobody is expected any more: that row, or the first of which something can be said, or
    that can be put right; empty: there is none."""
    said, held = (
        [row.key for group in groups if is_so(group) for row in group.rows]
        for is_so in (attrgetter("open"), attrgetter("was_held"))
    )
    return after if after in (*said, *held) else next(iter((*said, *held)), "")


def put_right_in(groups: Sequence[Group]) -> Collection[str]:
    """Rows of what is over: nothing is pressed in them, and they lead to where one says so."""
    return {row.key for group in groups if group.was_held for row in group.rows}


def keys_of(groups: Sequence[Group], *, nearest: bool, other_sites: bool) -> Sequence[str]:
    """Those that do something on a day of these groups, as the help lists them. `nearest`: other
    days have groups."""
    rows = [(group, row) for group in groups for row in group.rows]
    said = any(group.is_said_of(row) for group, row in rows)
    works = {
        "j": len(rows) > 1,
        **dict.fromkeys("iotu", said),
        "n": any(group.open and group.begun for group, _ in rows),
        **dict.fromkeys("ec", any(group.open for group, _ in rows)),
        "p": any(group.was_held for group, _ in rows),
        "x": any(group.open and group.begun for group in groups),
        "d": nearest,
        "s": other_sites,
    }
    return [key for key in KEYS if works.get(key, True)]


KEYS = tuple("jionectupfxdsh")


def count_in_words(group: Group) -> str:
    """`11 of 12 here, and 1 who walked in`."""
    told = words().today.here_too if group.walked_in else words().today.here
    return str(told.format(here=group.here, expected=group.expected, walked_in=group.walked_in))


def service_date(on: date) -> str:
    """`Monday, 2026-03-02`."""
    return f"{on:%A}, {on}"
