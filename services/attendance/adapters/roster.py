"""Sessions, sites and staff read from the service's own log, with the notes that were sealed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime

from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.sites import those_asked
from kernel.store.store import Transaction
from kernel.store.telling import Facts, Telling, Words
from services.attendance.adapters import told
from services.attendance.app.streams import (
    attestation_of,
    client_subject,
    group_note_of,
    note_of,
    presence_stream,
    session_stream,
    site_stream,
)
from services.attendance.domain.note import NoteAttested, NoteSigned
from services.attendance.domain.presence import AttendanceCorrected, CheckedIn, CheckedOut
from services.attendance.domain.scheduling import SessionScheduled
from services.attendance.domain.session import Attendance, SessionCancelled, SessionClosed
from services.attendance.domain.site import (
    GraceSet,
    ProgramOpened,
    SiteClosedForDay,
    SiteOpened,
)
from services.attendance.domain.staff import CredentialEnded, HeldCredential, StaffCredentialed
from services.attendance.domain.template import TemplateDefined

OF_DAY = """
SELECT session_id, ARRAY(SELECT client_id FROM attendee
                         WHERE attendee.session_id = s.session_id ORDER BY 1) AS client_ids
FROM scheduled_session AS s WHERE site_id = :site AND service_date = :on
ORDER BY starts_at, session_id
"""
OF_CLIENT = """
SELECT session_id FROM scheduled_session JOIN attendee USING (session_id)
WHERE client_id = :client AND service_date BETWEEN :first AND :last
  AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))
ORDER BY starts_at, session_id
"""
TEMPLATES = """
SELECT stream FROM fact WHERE type = 'attendance.template_defined.v1'
  AND body->>'site_id' = :site ORDER BY recorded_at, stream
"""
STAFF = """
SELECT DISTINCT stream FROM fact WHERE type = 'attendance.staff_credentialed.v1' ORDER BY 1
"""
Expected = Sequence[tuple[str, Sequence[str]]]
"""Sessions in order, each with the clients that are told of."""


def of_day(
    tx: Transaction, site_id: str, on: date, *, until: datetime | None, notes: bool
) -> list[told.ToldSession]:
    """The site's, with everybody. `notes`: whether the reader sees them."""
    rows = tx.execute(OF_DAY, site=site_id, on=on)
    expected = [(str(row.session_id), [str(each) for each in row.client_ids]) for row in rows]
    return list(_sessions(Telling(tx, until), expected, notes=notes))


def of_client(
    tx: Transaction,
    client_id: str,
    first: date,
    last: date,
    *,
    sites: Collection[str],
    until: datetime | None,
    notes: bool,
) -> list[told.ToldSession]:
    """At these sites, with this client alone."""
    rows = tx.execute(OF_CLIENT, client=client_id, first=first, last=last, sites=those_asked(sites))
    expected = [(str(row.session_id), [client_id]) for row in rows]
    return list(_sessions(Telling(tx, until), expected, notes=notes))


def site(tx: Transaction, site_id: str) -> told.ToldSite:
    """With its programs, templates, holidays and grace; Unknown where nobody opened it."""
    telling = Telling(tx)
    facts = telling.load([site_stream(site_id)])
    if not facts:
        raise Unknown("site", site_id)
    templates = telling.load([row.stream for row in tx.execute(TEMPLATES, site=site_id)])
    grace = facts.of(GraceSet)
    return telling.whole(
        told.ToldSite,
        facts.of(SiteOpened)[0],
        programs=telling.parts(told.ToldProgram, facts.of(ProgramOpened)),
        holidays=telling.parts(told.ToldHoliday, facts.of(SiteClosedForDay)),
        grace_seconds=grace[-1].fact.seconds if grace else 0,
        templates=tuple(
            telling.whole(told.ToldTemplate, recorded) for recorded in templates.of(TemplateDefined)
        ),
    )


def staff(tx: Transaction) -> list[told.ToldStaff]:
    """Everybody, by id."""
    telling = Telling(tx)
    found = []
    for row in tx.execute(STAFF).all():
        facts = telling.load([row.stream])
        held = facts.of(StaffCredentialed)
        found.append(
            told.ToldStaff(
                staff_id=held[0].fact.staff_id,
                credentials=[_credential(telling, each, facts) for each in held],
                version=telling.version(row.stream),
            )
        )
    return found


def _credential(telling: Telling, held: Recorded, facts: Facts) -> told.ToldCredential:
    """An end is of what was told before it of its kind."""
    credential = HeldCredential(held.fact)
    ends = [
        end
        for end in facts.of(CredentialEnded)
        if end.version > held.version and credential.is_meant(end.fact)
    ]
    return telling.part(told.ToldCredential, held, ends=telling.parts(told.ToldCredentialEnd, ends))


def _sessions(telling: Telling, expected: Expected, *, notes: bool) -> Iterator[told.ToldSession]:
    """One question for all sessions, and one for everybody there."""
    sessions = telling.load([session_stream(session_id) for session_id, _ in expected])
    presences = telling.load(
        [
            presence_stream(session_id, client_id)
            for session_id, client_ids in expected
            for client_id in client_ids
        ]
    )
    by_stream, clients_of = presences.by_stream(), dict(expected)
    for scheduled in sessions.of(SessionScheduled):
        fact: SessionScheduled = scheduled.fact
        cancelled = sessions.of(SessionCancelled).about(scheduled, "session_id")
        closed = None if cancelled else _closed(sessions, scheduled)
        yield telling.whole(
            told.ToldSession,
            scheduled,
            closed=closed is not None,
            cancelled=telling.last(told.ToldCancellation, cancelled),
            presences=tuple(
                _presence(
                    telling,
                    fact,
                    client_id,
                    by_stream.get(presence_stream(fact.session_id, client_id), Facts()),
                    closed.get(client_id) if closed else None,
                    notes=notes,
                )
                for client_id in clients_of[fact.session_id]
            ),
        )


def _closed(sessions: Facts, scheduled: Recorded) -> dict[str, Attendance] | None:
    """Client → as closing has it; None: it isn't closed."""
    closed = sessions.of(SessionClosed).about(scheduled, "session_id")
    if not closed:
        return None
    attendances: Iterable[Attendance] = closed[-1].fact.attendances
    return {attendance.client_id: attendance for attendance in attendances}


def _presence(
    telling: Telling,
    session: SessionScheduled,
    client_id: str,
    facts: Facts,
    closed: Attendance | None,
    *,
    notes: bool,
) -> told.ToldPresence:
    stream = presence_stream(session.session_id, client_id)
    return told.ToldPresence(
        client_id=client_id,
        on_roster=client_id in session.roster,
        version=telling.version(stream),
        arrivals=telling.parts(told.ToldArrival, facts.of(CheckedIn)),
        departures=telling.parts(told.ToldDeparture, facts.of(CheckedOut)),
        corrections=telling.parts(told.ToldCorrection, facts.of(AttendanceCorrected)),
        closed=closed,
        note=_note(telling, facts.of(NoteSigned)) if notes else None,
        attestation=_attestation(telling, facts.of(NoteAttested)) if notes else None,
    )


def _note(telling: Telling, signed: Facts) -> told.ToldNote | None:
    """A group's part was sealed where the note is a group's: there may be none."""
    for recorded in signed:
        fact: NoteSigned = recorded.fact
        owner = client_subject(fact.client_id)
        words = telling.words(owner, note_of(fact.session_id))
        group = telling.content(owner, group_note_of(fact.session_id))
        of_group = Words(text="" if group is None else group.decode())
        return told.ToldNote(fact=fact, words=words, group=of_group)
    return None


def _attestation(telling: Telling, attested: Facts) -> told.ToldAttestation | None:
    for recorded in attested:
        fact: NoteAttested = recorded.fact
        words = telling.words(client_subject(fact.client_id), attestation_of(fact.session_id))
        return told.ToldAttestation(fact=fact, words=words)
    return None
