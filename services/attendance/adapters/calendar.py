"""Sites and sessions as public facts tell them, and what of sessions is undone, from tables."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as events
from sqlalchemy import Row

from kernel.due import Due, DueAsked, DueKind, at_each_site
from kernel.mapping.reading import fact_reader
from kernel.messaging.public_facts import public_facts
from kernel.rpc.translate import timestamp_of
from kernel.statements import standing
from kernel.store.store import Transaction
from services.attendance.adapters.schedule import SqlSchedule
from services.attendance.app.streams import (
    client_subject,
    presence_stream,
    session_stream,
    staff_stream,
)
from services.attendance.domain.admission import is_admitted
from services.attendance.domain.minutes import Interval, Span, minutes_of, treated_within
from services.attendance.domain.presence import PRESENCE, Flag
from services.attendance.domain.scheduling import Modality, ServiceKind
from services.attendance.domain.session import SessionClosed, as_scheduled
from services.attendance.domain.site import Program

OF_CLIENTS = (
    events.SessionScheduled,
    events.SessionAttended,
    events.SessionMissed,
    events.SessionCancelled,
    events.AttendanceCorrected,
    events.SessionNoteSigned,
    events.SessionNoteAttested,
)
# A fact that wasn't taken back by then.
STANDS = """
(SELECT CAST(amended.body->>'voided' AS boolean) FROM fact AS amended
 WHERE amended.stream = fact.stream AND amended.type = 'attendance.statement_amended.v1'
   AND amended.body->>'statement' = CAST(fact.id AS text) AND amended.at <= :moment
 ORDER BY amended.version DESC LIMIT 1) IS NOT TRUE
"""
UNCLOSED = """
SELECT session_id, site_id, facilitator_id, service_date, NULL AS client_id
FROM scheduled_session
WHERE ends_at <= :moment AND NOT EXISTS (
    SELECT FROM fact WHERE stream = 'session/' || session_id AND at <= :moment
      AND type IN ('attendance.session_closed.v1', 'attendance.session_cancelled.v1',
                   'attendance.session_broken_off.v1') AND {stands})
ORDER BY starts_at, session_id
"""
UNSIGNED = """
SELECT session_id, site_id, facilitator_id, service_date, client_id
FROM attended JOIN scheduled_session USING (session_id)
WHERE attended AND EXISTS (
    SELECT FROM fact WHERE stream = 'session/' || session_id AND at <= :moment
      AND type IN ('attendance.session_closed.v1', 'attendance.session_broken_off.v1')
      AND {stands})
AND NOT EXISTS (
    SELECT FROM fact WHERE stream = 'presence/' || session_id || '/' || client_id
      AND at <= :moment
      AND type IN ('attendance.note_signed.v1', 'attendance.note_attested.v1'))
ORDER BY starts_at, session_id, client_id
"""
# Whether it is still so is asked of each.
MISPLACED = """
SELECT session_id, site_id, facilitator_id, service_date, client_id
FROM misplaced JOIN scheduled_session USING (session_id) JOIN attendee USING (session_id, client_id)
WHERE noted_at <= :moment AND closed AND expected ORDER BY starts_at, session_id, client_id
"""
NEAREST = """
SELECT (SELECT max(service_date) FROM scheduled_session
        WHERE site_id = :site AND service_date < :on) AS before,
       (SELECT min(service_date) FROM scheduled_session
        WHERE site_id = :site AND service_date > :on) AS after
"""

# Of templates as they stand.
SEATS = """
SELECT content->>'program_id' AS program_id,
       (SELECT min(CAST(session->>'capacity' AS int))
        FROM jsonb_array_elements(content->'sessions') AS session) AS seats
FROM (SELECT DISTINCT ON (stream) coalesce(body->'content', body) AS content,
             body->'voided' AS voided
      FROM fact
      WHERE stream IN (SELECT stream FROM fact WHERE type = 'attendance.template_defined.v1')
      ORDER BY stream, version DESC) AS template
WHERE coalesce(CAST(voided AS boolean), false) IS FALSE
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProgram:
    """`seats`: of its groups' templates together; 0: not known."""

    program: Program
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSite:
    site_id: str
    name: str
    time_zone: str
    programs: tuple[ListedProgram, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestDays:
    """With sessions; None: there is none."""

    before: date | None
    after: date | None


class SessionState(StrEnum):
    """What became of a client's session."""

    SCHEDULED = "SCHEDULED"
    ATTENDED = "ATTENDED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"


# What became of a session for one of merged clients, before what became of it for another.
BY_WEIGHT = (
    SessionState.ATTENDED,
    SessionState.CANCELLED,
    SessionState.MISSED,
    SessionState.SCHEDULED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSession:
    """One session of one client's; `treatment`: when, where that was told."""

    session_id: str
    site_id: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    service_kind: ServiceKind
    modality: Modality
    state: SessionState = SessionState.SCHEDULED
    minutes: int = 0
    corrections: int = 0
    note_signed: bool = False
    treatment: tuple[Span, ...] = ()


to_listed_program = fact_reader(events.ProgramOpened, ListedProgram, given=("seats",))


def sites(tx: Transaction) -> list[ListedSite]:
    """Every site with its programs, by name."""
    seats = _seats(tx)
    opened: dict[str, events.SiteOpened] = {}
    programs: defaultdict[str, list[ListedProgram]] = defaultdict(list)
    for fact in public_facts(tx.connection, (events.SiteOpened, events.ProgramOpened)):
        match fact.message:
            case events.SiteOpened() as site:
                opened[site.site_id] = site
            case events.ProgramOpened() as program:
                programs[program.site_id].append(
                    to_listed_program(program, seats=seats.get(program.program.program_id, 0))
                )
    return [
        ListedSite(
            site_id=site.site_id,
            name=site.name,
            time_zone=site.time_zone,
            programs=tuple(programs[site.site_id]),
        )
        for site in sorted(opened.values(), key=lambda site: (site.name, site.site_id))
    ]


def nearest_days(tx: Transaction, site_id: str, on: date) -> NearestDays:
    """On which the site has sessions: the last before that day, the first after it."""
    row = tx.execute(NEAREST, site=site_id, on=on).one()
    return NearestDays(before=row.before, after=row.after)


def sessions_of_client(
    tx: Transaction, client_id: str, until: datetime | None
) -> list[ClientSession]:
    """As signed by then, by start; once, where merged clients were both on its roster."""
    facts = public_facts(tx.connection, OF_CLIENTS, subject=client_subject(client_id), until=until)
    scheduled = _scheduled(tx, {fact.message.session_id for fact in facts})
    told: dict[str, dict[str, ClientSession]] = {session_id: {} for session_id in scheduled}
    for fact in facts:
        session_id, of_client = fact.message.session_id, told[fact.message.session_id]
        before = of_client.get(fact.message.client_id, scheduled[session_id])
        of_client[fact.message.client_id] = _after(before, fact.message)
    found = (_once([*of_client.values()]) for of_client in told.values())
    return sorted(found, key=lambda session: (session.starts_at, session.session_id))


def _once(those: Sequence[ClientSession]) -> ClientSession:
    """One session of one person's, by what became of it for each client they are: attended as one
    and missed as another, it was attended, each minute once."""
    first = min(those, key=lambda session: BY_WEIGHT.index(session.state))
    alike = [session for session in those if session.state is first.state]
    return replace(
        first,
        minutes=_together(alike),
        corrections=max(session.corrections for session in those),
        note_signed=any(session.note_signed for session in alike),
    )


def _together(those: Sequence[ClientSession]) -> int:
    """Minutes of all of them; of those told without their time, the most that one has."""
    first, *others = those
    if not others or not all(session.treatment for session in those):
        return max(session.minutes for session in those)
    there = [
        Interval(came=span.starts_at, left=span.ends_at)
        for session in those
        for span in session.treatment
    ]
    return minutes_of(treated_within(there, first.starts_at, first.ends_at))


def due(tx: Transaction, asked: DueAsked) -> list[Due]:
    """Sessions to close the same day, and notes; until when to sign, a payer's rules say.

    A session is to be closed once it ended; a note is to be signed of who attended a closed one. A
    closed roster is to be looked at where it turned out that somebody on it wasn't admitted there,
    until they are taken off, or the record says so of who came.
    """

    def find(there: DueAsked) -> Iterator[Due]:
        for session in tx.execute(UNCLOSED.format(stands=STANDS), moment=there.moment):
            yield _due(session, DueKind.CLOSE_SESSION)
        for note in tx.execute(UNSIGNED.format(stands=STANDS), moment=there.moment):
            yield _due(note, DueKind.SIGN_NOTE)
        for named in tx.execute(MISPLACED, moment=there.moment).all():
            if _is_misplaced(tx, named):
                yield _due(named, DueKind.CHECK_ROSTER)

    return at_each_site(asked, {site.site_id: site.time_zone for site in sites(tx)}, find)


def _is_misplaced(tx: Transaction, named: Row[Any]) -> bool:
    """Whether the client isn't admitted there that day, and nothing said of them tells so."""
    session_id, client_id = str(named.session_id), str(named.client_id)
    admissions = SqlSchedule().admissions(tx, [client_id])[client_id]
    if is_admitted(admissions, str(named.site_id), named.service_date):
        return False
    presence = PRESENCE.after(tx.load(presence_stream(session_id, client_id)))
    flags = set(presence.corrected_flags)
    for said in standing(tx.load(session_stream(session_id))):
        if presence.corrected_to is None and isinstance(said.fact, SessionClosed):
            flags |= {
                flag
                for each in said.fact.attendances
                if each.client_id == client_id
                for flag in each.flags
            }
    return Flag.NOT_ADMITTED_HERE not in flags


def _due(unfinished: Row[Any], kind: DueKind) -> Due:
    same_day = kind is DueKind.CLOSE_SESSION
    return Due(
        kind=kind,
        about_id=str(unfinished.session_id),
        client_id=str(unfinished.client_id or ""),
        site_id=str(unfinished.site_id),
        person="" if kind is DueKind.CHECK_ROSTER else staff_stream(str(unfinished.facilitator_id)),
        roles=("clinician",) if kind is DueKind.SIGN_NOTE else ("front_desk", "clinician"),
        since=unfinished.service_date,
        until=unfinished.service_date if same_day else None,
    )


def _scheduled(tx: Transaction, session_ids: set[str]) -> dict[str, ClientSession]:
    """As scheduled: also sessions the client came to without being on the roster."""
    histories = tx.load_many([session_stream(session_id) for session_id in sorted(session_ids)])
    found = {}
    for history in histories.values():
        scheduled = as_scheduled(recorded.fact for recorded in history)
        if scheduled is None:
            raise ValueError("a session that nobody scheduled")
        found[scheduled.session_id] = ClientSession(
            session_id=scheduled.session_id,
            site_id=scheduled.site_id,
            service_date=scheduled.service_date,
            starts_at=scheduled.starts_at,
            ends_at=scheduled.ends_at,
            service_kind=scheduled.service_kind,
            modality=scheduled.modality,
        )
    return found


def _after(session: ClientSession, message: object) -> ClientSession:
    match message:
        # One that was closed anew stays as it was corrected.
        case events.SessionAttended() as attended if not session.corrections:
            return replace(
                session,
                state=SessionState.ATTENDED,
                minutes=attended.minutes,
                treatment=_spans(attended),
            )
        case events.SessionMissed() if not session.corrections:
            return replace(session, state=SessionState.MISSED)
        case events.SessionCancelled() if session.state is not SessionState.ATTENDED:
            return replace(session, state=SessionState.CANCELLED)
        case events.AttendanceCorrected() as corrected:
            return replace(
                session,
                state=SessionState.ATTENDED if corrected.attended else SessionState.MISSED,
                minutes=corrected.minutes,
                corrections=corrected.correction,
                treatment=_spans(corrected),
            )
        case events.SessionNoteSigned() | events.SessionNoteAttested():
            return replace(session, note_signed=True)
        case _:
            return session


def _spans(told: events.SessionAttended | events.AttendanceCorrected) -> tuple[Span, ...]:
    return tuple(
        Span(starts_at=timestamp_of(treated, "from"), ends_at=timestamp_of(treated, "to"))
        for treated in told.treatment
    )


def _seats(tx: Transaction) -> dict[str, int]:
    """Program → seats of its templates, each counted by its smallest session; 0: no limit."""
    smallest: defaultdict[str, list[int]] = defaultdict(list)
    # Not decoded: a word that a newer release wrote in one template would hide every site.
    for template in tx.execute(SEATS):
        smallest[template.program_id].append(template.seats)
    return {program: sum(seats) if all(seats) else 0 for program, seats in smallest.items()}
