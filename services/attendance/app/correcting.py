"""A session that was scheduled wrongly is put right: what it is, for its clients, for who came.

Before it is closed it is refused as scheduling refuses it. What was closed happened: then what
follows is said again of each client.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from kernel.decider import filled
from kernel.execute import Outcome, decided, record, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.statements import Amendment, retold, statements
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide
from services.attendance.app.scheduling import (
    booked,
    program_of,
    refuse_busy,
    refuse_uncredentialed,
)
from services.attendance.app.seats import seat_of
from services.attendance.app.streams import (
    encounter_of,
    not_admitted_to,
    presence_stream,
    presences_of,
    require_admitted,
    session_stream,
    site_stream,
    staff_stream,
)
from services.attendance.app.use_cases import closing
from services.attendance.domain.absence import CalledOff
from services.attendance.domain.minutes import Interval, Span, treated_within
from services.attendance.domain.presence import (
    PRESENCE,
    CorrectAttendance,
    CorrectionReason,
    Presence,
)
from services.attendance.domain.refusals import SessionNotStarted
from services.attendance.domain.scheduling import (
    CorrectSession,
    Modality,
    Placed,
    PutRightReason,
    ServiceKind,
    SessionScheduled,
)
from services.attendance.domain.session import (
    SESSION,
    CloseSession,
    Session,
    SessionClosed,
    service_date,
)
from services.attendance.domain.site import SITE

REMARK = "correction"  # the document with why a session was put right, of the session's own key


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAnew:
    """What a desk says the session was all along, whole; why, in words that are sealed."""

    session_id: str
    program_id: str
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    starts_at: datetime
    ends_at: datetime
    reason: PutRightReason
    remark: str
    capacity: int = 0
    breaks: tuple[Span, ...] = ()


def correct_session(
    attendance: AttendanceWriteSide, asked: SessionAnew, context: Context
) -> Outcome:
    """Says what a session is; said again, it changes nothing.

    Refuses an unknown program of its site or facilitator, more clients than it holds
    (OVER_CAPACITY), times far from whoever was there; one that was cancelled (SESSION_CANCELLED)
    or broken off (SESSION_BROKEN_OFF). Until it is closed, also a facilitator or client who has
    another session then (FACILITATOR_BUSY, CLIENT_BUSY), and who isn't admitted that day
    (NOT_ADMITTED_HERE); of a closed one flags say so.
    """
    stream, schedule = session_stream(asked.session_id), attendance.schedule

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        session = SESSION.after(history)
        if session.scheduled is None:
            raise Unknown("session", asked.session_id)
        if session.closed and asked.starts_at > context.now:
            raise SessionNotStarted(asked.session_id)
        clients = sorted({*schedule.attendees(tx, asked.session_id), *session.scheduled.roster})
        tx.lock(booked(asked.facilitator_id, clients))
        command = _command(tx, asked, session.scheduled, history)
        if not session.closed and not session.cancelled:
            roster, on = session.scheduled.roster, [command.service_date]
            require_admitted(tx, schedule, roster, session.scheduled.site_id, on)
            span = Span(starts_at=asked.starts_at, ends_at=asked.ends_at)
            refuse_busy(tx, schedule, asked.facilitator_id, roster, [span], asked.session_id)
        facts = decided(context, SESSION, stream, history, command)
        if not facts:
            return ()
        said = _with_remark(tx, stream, facts, asked.remark)
        for recorded in said:
            attendance.executor.view(tx, recorded)  # what follows asks the schedule as it is now
        then = [*history, *said]
        again = _Again(attendance, tx, asked, then, clients, context)
        again.require_near()
        return [*said, *again.closing(), *again.of_clients()]

    return attendance.executor.transact(context, decide, locks=[stream])


def service_date_now(attendance: AttendanceWriteSide, asked: SessionAnew) -> date:
    """Of the session as it stands."""
    with attendance.executor.store.transaction() as tx:
        scheduled = SESSION.after(tx.load(session_stream(asked.session_id))).scheduled
    if scheduled is None:
        raise Unknown("session", asked.session_id)
    return scheduled.service_date


def _command(
    tx: Transaction, asked: SessionAnew, scheduled: SessionScheduled, history: Sequence[Recorded]
) -> CorrectSession:
    of_site, leader = site_stream(scheduled.site_id), staff_stream(asked.facilitator_id)
    known = tx.load_many([of_site, leader])
    site = SITE.after(known[of_site])
    program, time_zone = program_of(site, scheduled.site_id, asked.program_id)
    on = service_date(asked.starts_at, time_zone)
    refuse_uncredentialed(known[leader], asked.facilitator_id, [on])
    places = tuple(_next_telling(history, scheduled.roster))
    return filled(
        CorrectSession,
        asked,
        program=program,
        service_date=on,
        places=places,
        remark_version=0,
    )


def _next_telling(history: Sequence[Recorded], roster: Iterable[str]) -> Iterator[Placed]:
    for client_id in roster:
        seat = seat_of(history, client_id)
        if seat.told_by is not None:
            yield Placed(client_id=client_id, told_by=seat.told_by, revision=seat.revision + 1)


def _with_remark(
    tx: Transaction, stream: str, facts: Sequence[Recorded], remark: str
) -> list[Recorded]:
    version = tx.documents.put(stream, REMARK, remark.encode())
    return [replace(each, fact=replace(each.fact, remark_version=version)) for each in facts]


@dataclass(frozen=True, slots=True)
class _Again:
    """What is said again once the session is another; `then`: its facts, with that."""

    attendance: AttendanceWriteSide
    tx: Transaction
    asked: SessionAnew
    then: Sequence[Recorded]
    clients: Sequence[str]
    context: Context

    @property
    def session(self) -> Session:
        return SESSION.after(self.then)

    def require_near(self) -> None:
        """Refuses times half a day or more from when somebody was there."""
        for client_id, presence in self._presences().items():
            encounter = encounter_of(self.session, self.asked.session_id, client_id)
            for interval in (*presence.intervals, *(presence.corrected_to or ())):
                encounter.require_near("starts_at", interval.came, interval.left)

    def closing(self) -> Sequence[Recorded]:
        """Of a closed session: the same clients, as they were there then."""
        session = self.session
        facts = []
        for said in statements(self.then):
            if said.voided or not isinstance(said.now.fact, SessionClosed):
                continue
            asked = CloseSession(session_id=self.asked.session_id, now=said.first.at, presences={})
            command = closing(self.attendance, self.tx, asked, session)
            of_whom = {each.client_id for each in said.now.fact.attendances}
            presences = {
                client_id: presence
                for client_id, presence in command.presences.items()
                if client_id in of_whom
            }
            command = replace(
                command, now=max(said.first.at, self.asked.starts_at), presences=presences
            )
            for content in SESSION.decide(command, replace(session, closed=False)):
                amendment = Amendment(
                    statement=said.first.id, revision=said.revision, reason=self.asked.reason
                )
                facts += retold(said, content, amendment)
        stream = session_stream(self.asked.session_id)
        return record(self.context, stream, len(self.then), facts)

    def of_clients(self) -> Iterator[Recorded]:
        """What was corrected of somebody, and what was called off for them alone."""
        session, tx, schedule = self.session, self.tx, self.attendance.schedule
        not_admitted = not_admitted_to(tx, schedule, session, self.clients)
        for client_id, presence in self._presences().items():
            stream = presence_stream(self.asked.session_id, client_id)
            history = tx.load(stream)
            encounter = encounter_of(session, self.asked.session_id, client_id)
            facts = []
            for said in statements(history):
                if isinstance(off := said.now.fact, CalledOff) and not said.voided:
                    begin, end = encounter.starts_at, encounter.ends_at
                    whole = [Interval(came=begin, left=end)]
                    treatment = treated_within(whole, begin, end, encounter.breaks)
                    content = replace(off, service_date=encounter.service_date, treatment=treatment)
                    amendment = Amendment(
                        statement=said.first.id, revision=said.revision, reason=self.asked.reason
                    )
                    facts += retold(said, content, amendment)
            recorded = record(self.context, stream, len(history), facts)
            yield from recorded
            if presence.corrected_to is not None and session.closed:
                command = CorrectAttendance(
                    encounter=encounter,
                    intervals=presence.corrected_to,
                    reason=CorrectionReason.WRONG_TIME,
                    elsewhere=schedule.is_elsewhere(
                        tx, self.asked.session_id, client_id, presence.corrected_to
                    ),
                    not_admitted=client_id in not_admitted,
                    anew=True,
                )
                corrected = PRESENCE.decide(command, presence)
                yield from record(self.context, stream, len(history) + len(recorded), corrected)

    def _presences(self) -> Mapping[str, Presence]:
        return presences_of(self.tx, self.asked.session_id, self.clients)
