"""What others hear of attendance's facts: the one place where private facts become public ones."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2

from kernel.facts import Label, derived_id
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.publishing import HIPAA, PART2, Decision, Kept, Published, Said, published, publisher
from kernel.rpc.translate import to_date
from services.attendance.domain import (
    absence,
    minutes,
    note,
    presence,
    roster,
    scheduling,
    session,
    site,
    staff,
    template,
)

_treatment = writer(public.Treatment, minutes.Span, from_=named("starts_at"), to=named("ends_at"))
_scheduled = writer(public.SessionScheduled, scheduling.SessionScheduled, given=("client_id",))
_corrected = writer(public.SessionScheduled, scheduling.SessionCorrected, given=("client_id",))
_cancelled = writer(
    public.SessionCancelled, session.SessionCancelled, treatment=_treatment, given=("client_id",)
)
_called_off = writer(public.SessionCancelled, absence.CalledOff, treatment=_treatment)
_with_place = writer(public.SessionScheduled, roster.RosterChange)
# What closing a session tells of each attendance, which doesn't say it.
OF_SESSION = ("session_id", "site_id", "service_date", "program")
_program = writer(common.Program, site.Program)
_attended = writer(
    public.SessionAttended, session.Attendance, treatment=_treatment, given=OF_SESSION
)
_missed = writer(public.SessionMissed, session.Attendance, given=OF_SESSION)
REASON: Any = statements_pb2.CorrectionReason
OF_WHAT_WAS_TOLD: Mapping[str, type[Message]] = {
    "MISSED": public.SessionMissed,
    "ATTENDED": public.SessionAttended,
    "CALLED_OFF": public.SessionCancelled,
    "CORRECTED": public.AttendanceCorrected,
}


def _label(fact: Any) -> Label:
    return PART2 if fact.under_part2 else HIPAA


def _scheduled_for_each(fact: scheduling.SessionScheduled) -> Iterator[Said]:
    label = PART2 if fact.program.under_part2 else HIPAA
    for client_id in fact.roster:
        message = _scheduled(fact, client_id=client_id)
        yield Said(subject=f"client/{client_id}", message=message, label=label)


def _corrected_for_each(fact: scheduling.SessionCorrected) -> Iterator[Said]:
    """Of whoever is on the roster, as what amends what was said of their place."""
    label = PART2 if fact.program.under_part2 else HIPAA
    for placed in fact.places:
        anew = _corrected(fact, client_id=placed.client_id)
        message = _amended(placed.client_id, placed.told_by, placed.revision, anew)
        message.reason = REASON.Value(f"CORRECTION_REASON_{fact.reason}")
        yield Said(subject=f"client/{placed.client_id}", message=message, label=label)


def _cancelled_for_each(fact: session.SessionCancelled) -> Iterator[Said]:
    for client_id in fact.roster:
        message = _cancelled(fact, client_id=client_id)
        yield Said(subject=f"client/{client_id}", message=message, label=_label(fact))


def _closed_for_each(fact: session.SessionClosed) -> Iterator[Said]:
    of_session = {
        "session_id": fact.session_id,
        "site_id": fact.site_id,
        "service_date": fact.service_date,
        "program": None if fact.program is None else _program(fact.program),
    }
    for attendance in fact.attendances:
        write = _attended if attendance.attended else _missed
        yield Said(
            subject=f"client/{attendance.client_id}",
            message=write(attendance, **of_session),
            label=_label(fact),
        )


def _broken_off_for_each(fact: session.SessionBrokenOff) -> Iterator[Said]:
    """Who came attended, and was not given the rest; nobody else missed any of it."""
    of_session = {
        "session_id": fact.session_id,
        "site_id": fact.site_id,
        "service_date": fact.service_date,
    }
    came = [attendance.client_id for attendance in fact.attendances]
    for attendance in fact.attendances:
        attended = _attended(attendance, **of_session, program=_program(fact.program))
        yield Said(subject=f"client/{attendance.client_id}", message=attended, label=_label(fact))
    for client_id in (*came, *fact.absent):
        off = fact.rest if client_id in came else fact.treatment
        cancelled = public.SessionCancelled(
            client_id=client_id,
            session_id=fact.session_id,
            site_id=fact.site_id,
            service_date=to_date(fact.service_date),
            treatment=map(_treatment, off),
        )
        yield Said(subject=f"client/{client_id}", message=cancelled, label=_label(fact))


def _place(fact: roster.RosterChange) -> Iterator[Said]:
    """As of a session that is scheduled with the client; said again or taken back, as what amends
    what was said first."""
    subject, message = f"client/{fact.client_id}", _with_place(fact)
    label = PART2 if fact.program.under_part2 else HIPAA
    if fact.told_by is None:
        yield Said(subject=subject, message=message, label=label)
        return
    if not isinstance(fact, roster.TakenFromRoster):
        place = _amended(fact.client_id, fact.told_by, fact.revision, message)
        yield Said(subject=subject, message=place, label=label)
        return
    place = _amended(fact.client_id, fact.told_by, fact.revision, type(message))
    yield Said(subject=subject, message=place, label=label)
    for told in fact.also:
        kind = OF_WHAT_WAS_TOLD[told.kind]
        no_more = _amended(fact.client_id, told.told_by, told.revision, kind)
        yield Said(subject=subject, message=no_more, label=label, amends=told.told_by)


def _amended(
    client_id: str, told_by: UUID, revision: int, said: Message | type[Message]
) -> statements_pb2.StatementAmended:
    """What a private fact told of one client is this now; by its type alone: nothing."""
    kind, content = said.DESCRIPTOR.full_name, b""
    if isinstance(said, Message):
        content = said.SerializeToString(deterministic=True)
    return statements_pb2.StatementAmended(
        client_id=client_id,
        statement_id=str(told_by),
        fact_id=str(derived_id(told_by, kind, f"client/{client_id}")),
        revision=revision,
        type=kind,
        content=content,
        voided=not isinstance(said, Message),
        reason=statements_pb2.CORRECTION_REASON_TOLD_LATER,
    )


_of_site = partial(published, "site", label=HIPAA)
_of_staff = partial(published, "staff", label=HIPAA)
_of_client = partial(published, "client", label=_label)

DECISIONS: Mapping[type, Decision] = {
    site.SiteOpened: _of_site(writer(public.SiteOpened, site.SiteOpened)),
    site.ProgramOpened: _of_site(writer(public.ProgramOpened, site.ProgramOpened)),
    site.SiteClosedForDay: _of_site(
        writer(public.SiteClosedForDay, site.SiteClosedForDay, date=named("on"))
    ),
    site.GraceSet: Kept("what it decides are flags, which are told of"),
    staff.StaffCredentialed: _of_staff(writer(public.StaffCredentialed, staff.StaffCredentialed)),
    staff.CredentialEnded: _of_staff(
        writer(public.CredentialEnded, staff.CredentialEnded, type=lambda fact: fact.type)
    ),
    template.TemplateDefined: Kept("sessions made of it are told of"),
    # A session's fact concerns several clients: it is published once for each.
    scheduling.SessionScheduled: Published((public.SessionScheduled,), _scheduled_for_each),
    scheduling.SessionCorrected: Published((statements_pb2.StatementAmended,), _corrected_for_each),
    session.SessionCancelled: Published((public.SessionCancelled,), _cancelled_for_each),
    session.SessionClosed: Published(
        (public.SessionAttended, public.SessionMissed), _closed_for_each
    ),
    session.SessionBrokenOff: Published(
        (public.SessionAttended, public.SessionCancelled), _broken_off_for_each
    ),
    roster.AddedToRoster: Published(
        (public.SessionScheduled, statements_pb2.StatementAmended), _place
    ),
    roster.TakenFromRoster: Published((statements_pb2.StatementAmended,), _place),
    absence.ClientAbsent: Kept("that a session was missed, its closing tells"),
    absence.CalledOff: _of_client(_called_off),
    presence.CheckedIn: Kept("what it comes to is told of when the session is closed"),
    presence.CheckedOut: Kept("what it comes to is told of when the session is closed"),
    note.NoteSigned: _of_client(writer(public.SessionNoteSigned, note.NoteSigned)),
    note.AddendumAdded: Kept("others rest on the signature"),
    note.NoteAttested: _of_client(writer(public.SessionNoteAttested, note.NoteAttested)),
    presence.AttendanceCorrected: _of_client(
        writer(
            public.AttendanceCorrected,
            presence.AttendanceCorrected,
            attended=lambda fact: bool(fact.intervals),
            treatment=_treatment,
        )
    ),
}

publish = publisher(DECISIONS)
