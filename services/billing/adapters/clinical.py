"""What other services say of a client, message by message, as the domain knows it."""

from collections.abc import Callable
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as plans_api

from kernel.facts import HeardFact
from kernel.rpc.translate import date_of, optional, timestamp_of
from services.billing.domain.history import history

PRIMARY = 1
Reader = Callable[[HeardFact, Any], Any]


def _admission(fact: HeardFact, message: intake.ClientAdmitted) -> history.Admission:
    return history.Admission(
        fact=str(fact.id),
        episode_id=message.episode_id,
        site_id=message.site_id,
        program_id=message.program.program_id,
        level_of_care=message.level_of_care,
        admitted_on=date_of(message, "admitted_on"),
    )


def _diagnosis(fact: HeardFact, message: intake.DiagnosisRecorded) -> history.Diagnosis:
    return history.Diagnosis(
        fact=str(fact.id),
        sequence=fact.sequence,
        code=message.code,
        rank=message.rank,
        effective_from=date_of(message, "effective_from"),
    )


def _diagnosis_end(fact: HeardFact, message: intake.DiagnosisEnded) -> history.DiagnosisEnd:
    return history.DiagnosisEnd(
        fact=str(fact.id),
        code=message.code,
        last_day=date_of(message, "last_day"),
        sequence=fact.sequence,
    )


def _coverage(fact: HeardFact, message: intake.CoverageVerified) -> history.Coverage:
    return history.Coverage(
        fact=str(fact.id),
        coverage_id=message.coverage_id,
        payer_id=message.payer_id,
        verified_from=date_of(message, "verified_from"),
        verified_to=optional(date_of, message, "verified_to"),
        order=message.order or PRIMARY,
        sequence=fact.sequence,
    )


def _coverage_end(fact: HeardFact, message: intake.CoverageEnded) -> history.CoverageEnd:
    return history.CoverageEnd(
        fact=str(fact.id),
        coverage_id=message.coverage_id,
        last_day=date_of(message, "last_day"),
        sequence=fact.sequence,
    )


def _consent(fact: HeardFact, message: intake.ConsentGiven) -> history.Consent:
    return history.Consent(
        fact=str(fact.id),
        consent_id=message.consent_id,
        payer_id=message.recipient_payer_id,
        given_on=date_of(message, "given_on"),
        expires_on=optional(date_of, message, "expires_on"),
    )


def _plan(fact: HeardFact, message: plans.PlanActivated) -> history.Plan:
    return history.Plan(
        fact=str(fact.id),
        plan_id=message.plan_id,
        episode_id=message.episode_id,
        in_force_from=date_of(message, "in_force_from"),
    )


def _discharge(fact: HeardFact, message: plans.ClientDischarged) -> history.Discharge:
    return history.Discharge(
        fact=str(fact.id),
        episode_id=message.episode_id,
        discharged_on=date_of(message, "discharged_on"),
        reason=name_of(plans_api.DischargeReason, message.reason),
    )


def _session(fact: HeardFact, message: attendance.SessionScheduled) -> history.Session:
    return history.Session(
        fact=str(fact.id),
        session_id=message.session_id,
        site_id=message.site_id,
        modality=name_of(attendance_api.Modality, message.modality),
        service_date=date_of(message, "service_date"),
        ends_at=timestamp_of(message, "ends_at"),
        service_kind=name_of(attendance_api.ServiceKind, message.service_kind) or "GROUP",
        facilitator_id=message.facilitator_id,
        program=_program(message),
    )


def _attended(fact: HeardFact, message: attendance.SessionAttended) -> history.Attendance:
    return _attendance(
        fact,
        message,
        attended=True,
        minutes=message.minutes,
        seconds=message.seconds,
        no_check_out=attendance.FLAG_NO_CHECK_OUT in message.flags,
        overlap=attendance.FLAG_OVERLAP in message.flags,
    )


def _missed(fact: HeardFact, message: attendance.SessionMissed) -> history.Attendance:
    return _attendance(fact, message, attended=False, minutes=0)


def _corrected(fact: HeardFact, message: attendance.AttendanceCorrected) -> history.Attendance:
    return _attendance(
        fact,
        message,
        correction=message.correction,
        attended=message.attended,
        minutes=message.minutes,
        seconds=message.seconds,
        overlap=attendance.FLAG_OVERLAP in message.flags,
    )


def _attendance(
    fact: HeardFact, message: Any, *, attended: bool, minutes: int, **rest: Any
) -> history.Attendance:
    return history.Attendance(
        fact=str(fact.id),
        session_id=message.session_id,
        site_id=message.site_id,
        service_date=date_of(message, "service_date"),
        attended=attended,
        minutes=minutes,
        seconds=rest.get("seconds", 0),
        correction=rest.get("correction", 0),
        no_check_out=rest.get("no_check_out", False),
        overlap=rest.get("overlap", False),
        program=_program(message),
    )


def _program(message: Any) -> history.Program:
    """Of the session; facts of before it was said, and of walk-ins then, say none."""
    if not message.HasField("program"):
        return history.NOT_KNOWN
    return history.Program(message.program.program_id, message.program.under_part2)


def _note(fact: HeardFact, message: attendance.SessionNoteSigned) -> history.Note:
    return history.Note(
        fact=str(fact.id),
        session_id=message.session_id,
        signed_at=timestamp_of(message, "signed_at"),
    )


def _level(fact: HeardFact, message: plans.LevelOfCareChanged) -> history.Level:
    return history.Level(
        fact=str(fact.id),
        episode_id=message.episode_id,
        level_of_care=message.level_of_care,
        effective_from=date_of(message, "effective_from"),
        sequence=fact.sequence,
    )


def _revocation(fact: HeardFact, message: intake.ConsentRevoked) -> history.Revocation:
    return history.Revocation(
        fact=str(fact.id),
        consent_id=message.consent_id,
        revoked_on=date_of(message, "revoked_on"),
    )


def _restriction(fact: HeardFact, message: intake.DisclosureRestricted) -> history.Restriction:
    return history.Restriction(
        fact=str(fact.id),
        payer_id=message.payer_id,
        start=date_of(message, "from"),
        end=date_of(message, "to"),
    )


def _cancellation(fact: HeardFact, message: attendance.SessionCancelled) -> history.Cancellation:
    return history.Cancellation(fact=str(fact.id), session_id=message.session_id)


def _attestation(fact: HeardFact, message: attendance.SessionNoteAttested) -> history.Attestation:
    return history.Attestation(fact=str(fact.id), session_id=message.session_id)


def name_of(enum: Any, value: int) -> str:
    """The value's name without its enum's prefix; empty for one that isn't said."""
    if not value:
        return ""
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    return str(enum.Name(value)).removeprefix(prefix)


HEARD: tuple[tuple[Any, str, Reader], ...] = (
    (intake.ClientAdmitted, "admissions", _admission),
    (intake.DiagnosisRecorded, "diagnoses", _diagnosis),
    (intake.DiagnosisEnded, "diagnosis_ends", _diagnosis_end),
    (intake.CoverageVerified, "coverages", _coverage),
    (intake.CoverageEnded, "coverage_ends", _coverage_end),
    (intake.ConsentGiven, "consents", _consent),
    (intake.ConsentRevoked, "revocations", _revocation),
    (intake.DisclosureRestricted, "restrictions", _restriction),
    (plans.PlanActivated, "plans", _plan),
    (plans.LevelOfCareChanged, "levels", _level),
    (plans.ClientDischarged, "discharges", _discharge),
    (attendance.SessionScheduled, "sessions", _session),
    (attendance.SessionAttended, "attendances", _attended),
    (attendance.SessionMissed, "attendances", _missed),
    (attendance.AttendanceCorrected, "attendances", _corrected),
    (attendance.SessionCancelled, "cancelled", _cancellation),
    (attendance.SessionNoteSigned, "notes", _note),
    (attendance.SessionNoteAttested, "attested", _attestation),
)
"""Message, field of `Known`, reader."""
