"""Places on rosters, given and taken after sessions were scheduled, by a desk or by intake's word.

A session's stream has its roster, so one command may append to the streams of a whole series; its
sessions are locked first, then the client, in the order in which closing locks them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from kernel.execute import Outcome, decided
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules
from kernel.statements import statements
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide
from services.attendance.app.scheduling import refuse_clients_busy
from services.attendance.app.streams import (
    client_subject,
    presence_stream,
    presences_of,
    refuse_version,
    require_admitted,
    session_stream,
)
from services.attendance.domain.admission import is_admitted
from services.attendance.domain.minutes import Span
from services.attendance.domain.presence import PRESENCE, AttendanceCorrected
from services.attendance.domain.roster import (
    AddToRoster,
    AlsoTold,
    NotOnRoster,
    RosterChange,
    Seat,
    TakeFromRoster,
    TakenFromRoster,
)
from services.attendance.domain.scheduling import OverCapacity, SessionCorrected, SessionScheduled
from services.attendance.domain.session import SESSION, SessionBrokenOff, SessionClosed

BY_REACTION = "reaction/"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPlaces:
    """A client's: at one session, or at all of a template's from a date on that haven't begun."""

    client_id: str
    session_id: str = ""
    template_id: str = ""
    first: date = date.min


@dataclass(frozen=True, slots=True)
class _Seated:
    """A session's facts, and how it stands."""

    session_id: str
    history: Sequence[Recorded]

    @property
    def stream(self) -> str:
        return session_stream(self.session_id)

    @property
    def scheduled(self) -> SessionScheduled | None:
        return SESSION.after(self.history).scheduled

    @property
    def is_open(self) -> bool:
        session = SESSION.after(self.history)
        return session.scheduled is not None and not session.closed and not session.cancelled


def add_to_roster(
    attendance: AttendanceWriteSide, asked: RosterPlaces, context: Context
) -> Outcome:
    """Gives the client these places: all of them or none.

    Refuses what scheduling with the client refuses, of any session, and one that is closed
    (SESSION_CLOSED) or cancelled (SESSION_CANCELLED). Who has a place keeps it.
    """
    client_id = asked.client_id

    def decide(tx: Transaction, seated: Sequence[_Seated]) -> Iterator[Recorded]:
        for session in seated:
            added = _added(session, client_id, context)
            if added and (scheduled := session.scheduled):
                on, schedule = [scheduled.service_date], attendance.schedule
                require_admitted(tx, schedule, [client_id], scheduled.site_id, on)
                span = Span(starts_at=scheduled.starts_at, ends_at=scheduled.ends_at)
                if client_id not in schedule.attendees(tx, session.session_id):  # came already
                    refuse_clients_busy(tx, schedule, [client_id], [span])
            yield from added

    return _on_places(attendance, asked, context, decide)


def take_from_roster(
    attendance: AttendanceWriteSide, asked: RosterPlaces, context: Context
) -> Outcome:
    """Takes these places from the client.

    Of a session that was closed, too: then it was never missed. Refuses who has none of them
    (NOT_ON_ROSTER), who came to a closed one (CLIENT_WAS_THERE), and a session that is cancelled
    (SESSION_CANCELLED).
    """

    def decide(tx: Transaction, seated: Sequence[_Seated]) -> Iterator[Recorded]:
        none = True
        for session in seated:
            scheduled = session.scheduled
            if asked.template_id and scheduled and asked.client_id not in scheduled.roster:
                continue
            none = False
            yield from _taken(tx, session, asked.client_id, context)
        if none:
            raise NotOnRoster(asked.session_id or asked.template_id)

    return _on_places(attendance, asked, context, decide)


def keep_places_of_the_admitted(
    attendance: AttendanceWriteSide, client_id: str, context: Context
) -> Outcome:
    """Takes a client's places at sites where they aren't admitted that day; gives back those that
    were taken so, and for which they are admitted again.

    Of sessions neither closed nor cancelled. Who came keeps the place; one that was given to
    somebody else, or for which the client isn't free any more, is not given back. Of closed ones it
    is entered for a desk to look at.
    """
    schedule = attendance.schedule

    def decide(tx: Transaction) -> Sequence[Recorded]:
        taken = schedule.taken_from(tx, client_id)
        seated = _locked(tx, {*schedule.expected_at(tx, client_id), *taken}, client_id)
        admissions = schedule.admissions(tx, [client_id])[client_id]
        facts: list[Recorded] = []
        for session in seated:
            scheduled = session.scheduled
            if scheduled is None or not session.is_open:
                continue
            admitted = is_admitted(admissions, scheduled.site_id, scheduled.service_date)
            if client_id in scheduled.roster:
                came = presences_of(tx, session.session_id, [client_id])[client_id].intervals
                if not admitted and not came:
                    facts += _taken(tx, session, client_id, context)
            elif admitted and _was_taken_so(session, client_id):
                span = Span(starts_at=scheduled.starts_at, ends_at=scheduled.ends_at)
                if not schedule.busy_clients(tx, [client_id], [span]):
                    facts += _given_back(session, client_id, context)
        for closed in schedule.closed_with(tx, client_id):
            if not is_admitted(admissions, closed.site_id, closed.service_date):
                schedule.doubt(tx, client_id, closed.session_id, context.now)
        return facts

    return attendance.executor.transact(context, decide)


def _given_back(session: _Seated, client_id: str, context: Context) -> Sequence[Recorded]:
    """None where the session is full by now."""
    try:
        return _added(session, client_id, context)
    except OverCapacity:
        return ()


def _was_taken_so(session: _Seated, client_id: str) -> bool:
    """Whether it was no desk that took the place last."""
    changes = [
        recorded
        for recorded in session.history
        if isinstance(recorded.fact, TakenFromRoster) and recorded.fact.client_id == client_id
    ]
    return bool(changes) and changes[-1].actor.startswith(BY_REACTION)


def _on_places(
    attendance: AttendanceWriteSide,
    asked: RosterPlaces,
    context: Context,
    decide_of: Callable[[Transaction, Sequence[_Seated]], Iterator[Recorded]],
) -> Outcome:
    refuse_version(context)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        if asked.session_id:
            found = [asked.session_id]
        else:
            to_come = attendance.schedule.to_come
            found = to_come(tx, asked.template_id, asked.first, context.now)
            if not found:
                raise AgainstTheRules(
                    "NOTHING_TO_COME",
                    "no session of the template stands from that date on that hasn't begun",
                    template_id=asked.template_id,
                )
        return list(decide_of(tx, _locked(tx, found, asked.client_id)))

    return attendance.executor.transact(context, decide)


def _locked(tx: Transaction, session_ids: Collection[str], client_id: str) -> list[_Seated]:
    """The sessions, sorted; nobody closes them meanwhile, or books the client."""
    ordered = sorted(session_ids)
    tx.lock(map(session_stream, ordered))
    tx.lock([client_subject(client_id)])
    found = tx.load_many([*map(session_stream, ordered)])
    return [_Seated(session_id, found[session_stream(session_id)]) for session_id in ordered]


def _added(session: _Seated, client_id: str, context: Context) -> Sequence[Recorded]:
    seat = seat_of(session.history, client_id)
    command = AddToRoster(session_id=session.session_id, client_id=client_id, seat=seat)
    return decided(context, SESSION, session.stream, session.history, command)


def _taken(
    tx: Transaction, session: _Seated, client_id: str, context: Context
) -> Sequence[Recorded]:
    history = tx.load(presence_stream(session.session_id, client_id))
    there = PRESENCE.after(history).was_there
    told = [*_closed_with(session.history, client_id), *_corrected(history)]
    command = TakeFromRoster(
        session_id=session.session_id,
        client_id=client_id,
        seat=seat_of(session.history, client_id),
        there=there,
        also=() if there else tuple(told),
    )
    return decided(context, SESSION, session.stream, session.history, command)


def _closed_with(history: Sequence[Recorded], client_id: str) -> Iterator[AlsoTold]:
    """What closing the session told of the client, as far as it stands."""
    for said in statements(history):
        fact = said.now.fact
        if said.voided or not isinstance(fact, SessionClosed | SessionBrokenOff):
            continue
        kinds = {each.client_id: each.attended for each in fact.attendances}
        told = partial(AlsoTold, told_by=said.first.id, revision=said.revision + 1)
        if client_id in kinds:
            yield told(kind="ATTENDED" if kinds[client_id] else "MISSED")
        elif isinstance(fact, SessionBrokenOff) and client_id in fact.absent:
            yield told(kind="CALLED_OFF")


def _corrected(history: Sequence[Recorded]) -> Iterator[AlsoTold]:
    for recorded in history:
        if isinstance(recorded.fact, AttendanceCorrected):
            yield AlsoTold(told_by=recorded.id, revision=2, kind="CORRECTED")


def seat_of(history: Iterable[Recorded], client_id: str) -> Seat:
    """Of a session's facts, oldest first."""
    seat = Seat()
    for recorded in history:
        match recorded.fact:
            case SessionScheduled(roster=roster) if client_id in roster:
                seat = Seat(told_by=recorded.id, revision=1)
            case SessionCorrected(places=places):
                for placed in places:
                    if placed.client_id == client_id:
                        seat = Seat(told_by=placed.told_by, revision=placed.revision)
            case RosterChange() as change if change.client_id == client_id:
                told_by = change.told_by or recorded.id
                seat = Seat(told_by=told_by, revision=change.revision)
    return seat
