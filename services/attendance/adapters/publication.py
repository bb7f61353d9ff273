"""What others hear of attendance's facts: the one place where private facts become public ones."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date, to_timestamp
from services.attendance.domain import minutes, note, presence, scheduling, session, site, staff


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public facts of one private fact, each with its subject and label."""
    for subject, message, under_part2 in _public(recorded.fact):
        label = "PART2" if under_part2 else "HIPAA"
        yield publication_of(recorded, subject, message, label=label)


def _public(fact: object) -> Iterator[tuple[str, Message, bool]]:
    match fact:
        case site.SiteOpened():
            yield f"site/{fact.site_id}", _site_opened(fact), False
        case site.ProgramOpened():
            yield f"site/{fact.site_id}", _program_opened(fact), False
        case site.SiteClosedForDay():
            yield f"site/{fact.site_id}", _closed_for_day(fact), False
        case staff.StaffCredentialed():
            yield f"staff/{fact.staff_id}", _staff_credentialed(fact), False
        case staff.CredentialEnded():
            yield f"staff/{fact.staff_id}", _credential_ended(fact), False
        case scheduling.SessionScheduled() | session.SessionCancelled() | session.SessionClosed():
            yield from _of_session(fact)
        case note.NoteSigned():
            yield f"client/{fact.client_id}", _note_signed(fact), fact.under_part2
        case note.NoteAttested():
            yield f"client/{fact.client_id}", _note_attested(fact), fact.under_part2
        case presence.AttendanceCorrected():
            yield f"client/{fact.client_id}", _corrected(fact), fact.under_part2


def _of_session(fact: session.SessionFact) -> Iterator[tuple[str, Message, bool]]:
    """A session's fact concerns several clients: it is published once for each."""
    match fact:
        case scheduling.SessionScheduled():
            for client_id in fact.roster:
                message = _session_scheduled(fact, client_id)
                yield f"client/{client_id}", message, fact.program.under_part2
        case session.SessionCancelled():
            for client_id in fact.roster:
                message = _session_cancelled(fact, client_id)
                yield f"client/{client_id}", message, fact.under_part2
        case session.SessionClosed():
            for each in fact.attendances:
                message = _attended(fact, each) if each.attended else _missed(fact, each)
                yield f"client/{each.client_id}", message, fact.under_part2
        case _:
            assert_never(fact)


def _site_opened(fact: site.SiteOpened) -> Message:
    return public.SiteOpened(
        site_id=fact.site_id,
        name=fact.name,
        time_zone=fact.time_zone,
        address=common.PostalAddress(
            line=fact.address.line,
            city=fact.address.city,
            state=fact.address.state,
            zip=fact.address.zip,
        ),
        npi=fact.npi,
    )


def _program_opened(fact: site.ProgramOpened) -> Message:
    return public.ProgramOpened(site_id=fact.site_id, program=_program(fact.program))


def _closed_for_day(fact: site.SiteClosedForDay) -> Message:
    return public.SiteClosedForDay(site_id=fact.site_id, date=to_date(fact.on))


def _program(program: site.Program | None) -> common.Program | None:
    if program is None:
        return None
    return common.Program(
        program_id=program.program_id,
        kind=f"PROGRAM_KIND_{program.kind}",
        under_part2=program.under_part2,
    )


def _staff_credentialed(fact: staff.StaffCredentialed) -> Message:
    return public.StaffCredentialed(
        staff_id=fact.staff_id,
        credential=fact.credential,
        npi=fact.npi,
        effective_from=to_date(fact.effective_from),
        type=f"CREDENTIAL_TYPE_{fact.type}" if fact.type else None,
        state=fact.state,
        effective_to=to_date(fact.effective_to) if fact.effective_to else None,
        token_subject=fact.token_subject,
    )


def _credential_ended(fact: staff.CredentialEnded) -> Message:
    return public.CredentialEnded(
        staff_id=fact.staff_id,
        credential=fact.credential,
        type=f"CREDENTIAL_TYPE_{fact.type}" if fact.type else None,
        state=fact.state,
        last_day=to_date(fact.last_day),
        reason=f"CREDENTIAL_END_REASON_{fact.reason}",
    )


def _session_scheduled(fact: scheduling.SessionScheduled, client_id: str) -> Message:
    return public.SessionScheduled(
        client_id=client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        program=_program(fact.program),
        facilitator_id=fact.facilitator_id,
        service_kind=f"SERVICE_KIND_{fact.service_kind}",
        modality=f"MODALITY_{fact.modality}",
        service_date=to_date(fact.service_date),
        starts_at=to_timestamp(fact.starts_at),
        ends_at=to_timestamp(fact.ends_at),
        makes_up_session_id=fact.makes_up_session_id or "",
    )


def _session_cancelled(fact: session.SessionCancelled, client_id: str) -> Message:
    return public.SessionCancelled(
        client_id=client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        treatment=_treatment(fact.treatment),
    )


def _attended(fact: session.SessionClosed, attendance: session.Attendance) -> Message:
    return public.SessionAttended(
        client_id=attendance.client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        minutes=attendance.minutes,
        flags=[f"FLAG_{flag}" for flag in attendance.flags],
        program=_program(fact.program),
        seconds=attendance.seconds,
        treatment=_treatment(attendance.treatment),
    )


def _missed(fact: session.SessionClosed, attendance: session.Attendance) -> Message:
    return public.SessionMissed(
        client_id=attendance.client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        program=_program(fact.program),
    )


def _note_signed(fact: note.NoteSigned) -> Message:
    return public.SessionNoteSigned(
        client_id=fact.client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        signed_by=fact.signed_by,
        signed_at=to_timestamp(fact.signed_at),
    )


def _note_attested(fact: note.NoteAttested) -> Message:
    return public.SessionNoteAttested(
        client_id=fact.client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        attested_by=fact.attested_by,
        attested_at=to_timestamp(fact.attested_at),
    )


def _corrected(fact: presence.AttendanceCorrected) -> Message:
    return public.AttendanceCorrected(
        client_id=fact.client_id,
        session_id=fact.session_id,
        site_id=fact.site_id,
        service_date=to_date(fact.service_date),
        correction=fact.correction,
        attended=bool(fact.intervals),
        minutes=fact.minutes,
        reason=f"CORRECTION_REASON_{fact.reason}",
        flags=[f"FLAG_{flag}" for flag in fact.flags],
        program=_program(fact.program),
        seconds=fact.seconds,
        treatment=_treatment(fact.treatment),
    )


def _treatment(spans: Iterable[minutes.Span]) -> Iterator[public.Treatment]:
    for span in spans:
        yield public.Treatment(
            **{"from": to_timestamp(span.starts_at), "to": to_timestamp(span.ends_at)}
        )
