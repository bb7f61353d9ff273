"""Sessions, sites and staff read from the service's own log, with the notes that were sealed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from kernel.facts import Recorded, id_of, kind_of
from kernel.messaging.persons import ids_of
from kernel.refusal import Unknown
from kernel.sites import those_asked
from kernel.store.store import Transaction
from kernel.store.telling import Facts, Telling, Words
from services.attendance.adapters import told
from services.attendance.app.correcting import REMARK
from services.attendance.app.streams import (
    addenda_of,
    attestation_of,
    client_subject,
    group_note_of,
    note_of,
    presence_stream,
    session_stream,
    site_stream,
)
from services.attendance.domain.absence import Absence, CalledOff, ClientAbsent
from services.attendance.domain.note import AddendumAdded, NoteAttested, NoteSigned
from services.attendance.domain.presence import AttendanceCorrected, CheckedIn, CheckedOut
from services.attendance.domain.roster import AddedToRoster, RosterChange
from services.attendance.domain.scheduling import SessionCorrected, SessionScheduled
from services.attendance.domain.session import (
    Attendance,
    SessionBrokenOff,
    SessionCancelled,
    SessionClosed,
    as_scheduled,
)
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
                         WHERE attendee.session_id = s.session_id AND expected
                         ORDER BY 1) AS client_ids
FROM scheduled_session AS s WHERE site_id = :site AND service_date = :on
ORDER BY starts_at, session_id
"""
OF_CLIENT = """
SELECT session_id, array_agg(client_id ORDER BY client_id) AS client_ids
FROM scheduled_session JOIN attendee USING (session_id)
WHERE client_id = ANY(CAST(:clients AS uuid[])) AND expected
  AND service_date BETWEEN :first AND :last
  AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))
GROUP BY session_id, starts_at ORDER BY starts_at, session_id
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
    return list(_sessions(Telling(tx, until), expected, notes=notes, everybody=True))


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
    """At these sites, with this client alone, as whichever client of the person they came."""
    ids = ids_of(tx.connection, client_id)
    rows = tx.execute(OF_CLIENT, clients=ids, first=first, last=last, sites=those_asked(sites))
    expected = [(str(row.session_id), [str(each) for each in row.client_ids]) for row in rows]
    return list(_sessions(Telling(tx, until), expected, notes=notes, everybody=False))


def presences_of_client(tx: Transaction, subject: str) -> list[str]:
    """Streams of what was recorded of a client at sessions; none of another subject."""
    if kind_of(subject) != "client":
        return []
    client_id = id_of(subject)
    rows = tx.execute("SELECT session_id FROM attendee WHERE client_id = :client", client=client_id)
    return [presence_stream(str(row.session_id), client_id) for row in rows]


def templates_of_site(tx: Transaction, subject: str) -> list[str]:
    """Their streams; none of another subject than a site."""
    if kind_of(subject) != "site":
        return []
    return [row.stream for row in tx.execute(TEMPLATES, site=id_of(subject))]


def site(tx: Transaction, site_id: str) -> told.ToldSite:
    """With its programs, templates, holidays and grace; Unknown where nobody opened it."""
    telling = Telling(tx)
    facts = telling.load([site_stream(site_id)])
    if not facts.of(SiteOpened):
        raise Unknown("site", site_id)
    templates = telling.load([row.stream for row in tx.execute(TEMPLATES, site=site_id)])
    grace = facts.of(GraceSet)
    return telling.whole(
        told.ToldSite,
        facts.of(SiteOpened)[0],
        programs=telling.parts(told.ToldProgram, facts.of(ProgramOpened)),
        holidays=telling.parts(told.ToldHoliday, facts.of(SiteClosedForDay)),
        grace_seconds=grace[-1].fact.seconds if grace else 0,
        grace=telling.last(told.ToldGrace, grace),
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
                staff_id=id_of(row.stream),
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


def _sessions(
    telling: Telling, expected: Expected, *, notes: bool, everybody: bool
) -> Iterator[told.ToldSession]:
    """One question for all sessions, and one for everybody there. `everybody`: also whom a roster
    had then, and lost since."""
    sessions = telling.load([session_stream(session_id) for session_id, _ in expected])
    clients_of = {session_id: list(client_ids) for session_id, client_ids in expected}
    held = [_as_it_stands(sessions, each) for each in sessions.of(SessionScheduled)]
    rosters = {scheduled.fact.session_id: scheduled.fact.roster for scheduled in held}
    if everybody:
        for session_id, roster in rosters.items():
            clients_of[session_id] = sorted({*clients_of[session_id], *roster})
    presences = telling.load(
        [
            presence_stream(session_id, client_id)
            for session_id, client_ids in clients_of.items()
            for client_id in client_ids
        ]
    )
    by_stream = presences.by_stream()
    for scheduled in held:
        session_id = scheduled.fact.session_id
        cancelled = sessions.of(SessionCancelled).about(scheduled, "session_id")
        broken_off = sessions.of(SessionBrokenOff).about(scheduled, "session_id")
        closed = None if cancelled else _closed(sessions, scheduled)
        clients = clients_of[session_id]
        yield telling.whole(
            told.ToldSession,
            scheduled,
            closed=closed is not None,
            cancelled=telling.last(told.ToldCancellation, cancelled),
            broken_off=telling.last(told.ToldBreakOff, broken_off),
            closing=telling.last(
                told.ToldClosing, sessions.of(SessionClosed).about(scheduled, "session_id")
            )
            if closed is not None
            else None,
            corrections=tuple(
                _corrected(telling, each)
                for each in sessions.of(SessionCorrected).about(scheduled, "session_id")
            ),
            roster_changes=tuple(
                telling.part(
                    told.ToldRosterChange, each, on_roster=isinstance(each.fact, AddedToRoster)
                )
                for each in sessions.of(RosterChange).about(scheduled, "session_id")
                if each.fact.client_id in clients or everybody
            ),
            presences=tuple(
                _presence(
                    telling,
                    session_id,
                    client_id,
                    by_stream.get(presence_stream(session_id, client_id), Facts()),
                    closed.get(client_id) if closed else None,
                    on_roster=client_id in rosters[session_id],
                    notes=notes,
                )
                for client_id in clients
            ),
        )


def _as_it_stands(sessions: Facts, scheduled: Recorded) -> Recorded:
    """With the roster it has now, and all else that was put right of it."""
    facts = (each.fact for each in sessions.about(scheduled, "session_id"))
    return replace(scheduled, fact=as_scheduled(facts))


def _corrected(telling: Telling, corrected: Recorded) -> told.ToldSessionCorrected:
    words = telling.words(corrected.stream, REMARK, corrected.fact.remark_version)
    return telling.part(told.ToldSessionCorrected, corrected, words=words)


def _closed(sessions: Facts, scheduled: Recorded) -> dict[str, Attendance] | None:
    """Client → as closing has it; None: it isn't closed."""
    closed = [
        *sessions.of(SessionClosed).about(scheduled, "session_id"),
        *sessions.of(SessionBrokenOff).about(scheduled, "session_id"),
    ]
    if not closed:
        return None
    attendances: Iterable[Attendance] = closed[-1].fact.attendances
    return {attendance.client_id: attendance for attendance in attendances}


def _presence(
    telling: Telling,
    session_id: str,
    client_id: str,
    facts: Facts,
    closed: Attendance | None,
    *,
    on_roster: bool,
    notes: bool,
) -> told.ToldPresence:
    stream = presence_stream(session_id, client_id)
    return told.ToldPresence(
        client_id=client_id,
        on_roster=on_roster,
        version=telling.version(stream),
        arrivals=telling.parts(told.ToldArrival, facts.of(CheckedIn)),
        departures=telling.parts(told.ToldDeparture, facts.of(CheckedOut)),
        corrections=telling.parts(told.ToldCorrection, facts.of(AttendanceCorrected)),
        closed=closed,
        absence=_absence(telling, facts),
        note=_note(telling, facts) if notes else None,
        attestation=_attestation(telling, facts.of(NoteAttested)) if notes else None,
    )


def _absence(telling: Telling, facts: Facts) -> told.ToldAbsence | None:
    for recorded in (*facts.of(ClientAbsent), *facts.of(CalledOff)):
        fact = recorded.fact
        why: Absence = fact.absence if isinstance(fact, ClientAbsent) else "BY_PROGRAM"
        return telling.part(told.ToldAbsence, recorded, absence=why)
    return None


def _note(telling: Telling, facts: Facts) -> told.ToldNote | None:
    """A group's part was sealed where the note is a group's: there may be none."""
    for recorded in facts.of(NoteSigned):
        fact: NoteSigned = recorded.fact
        owner = client_subject(fact.client_id)
        words = telling.words(owner, note_of(fact.session_id))
        group = telling.content(owner, group_note_of(fact.session_id))
        of_group = Words(text="" if group is None else group.decode())
        addenda = tuple(_addendum(telling, added) for added in facts.of(AddendumAdded))
        return told.ToldNote(fact=fact, words=words, group=of_group, addenda=addenda)
    return None


def _addendum(telling: Telling, added: Recorded) -> told.ToldAddendum:
    fact: AddendumAdded = added.fact
    owner, document = client_subject(fact.client_id), addenda_of(fact.session_id)
    words = telling.words(owner, document, fact.text_version)
    return telling.part(told.ToldAddendum, added, words=words)


def _attestation(telling: Telling, attested: Facts) -> told.ToldAttestation | None:
    for recorded in attested:
        fact: NoteAttested = recorded.fact
        words = telling.words(client_subject(fact.client_id), attestation_of(fact.session_id))
        return told.ToldAttestation(fact=fact, words=words)
    return None
