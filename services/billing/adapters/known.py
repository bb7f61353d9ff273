"""Public messages as the domain knows them: everything of one client becomes its `Known`."""

from collections.abc import Callable
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, id_of
from kernel.messaging.interests import Facts
from kernel.rpc.translate import date_of, optional, timestamp_of
from services.billing.adapters.rule_sets import rule_set_of
from services.billing.domain import known
from services.billing.domain.known import Known, Line


def known_of(client: str, facts: Facts) -> Known:
    """All that is known of a client; facts of types it doesn't rest on are passed over."""
    found: dict[str, list[Any]] = {}
    for about in facts.values():
        for fact in about:
            reader = READERS.get(fact.type)
            if reader is not None:
                field, read = reader
                found.setdefault(field, []).append(read(fact, fact.message))
    return Known(client_id=id_of(client), **{field: tuple(each) for field, each in found.items()})


def _admission(fact: HeardFact, message: intake.ClientAdmitted) -> known.Admission:
    return known.Admission(
        fact=str(fact.id),
        episode_id=message.episode_id,
        site_id=message.site_id,
        under_part2=message.program.under_part2,
        level_of_care=message.level_of_care,
        admitted_on=date_of(message, "admitted_on"),
    )


def _diagnosis(fact: HeardFact, message: intake.DiagnosisRecorded) -> known.Diagnosis:
    return known.Diagnosis(
        fact=str(fact.id),
        sequence=fact.sequence,
        code=message.code,
        rank=message.rank,
        effective_from=date_of(message, "effective_from"),
    )


def _coverage(fact: HeardFact, message: intake.CoverageVerified) -> known.Coverage:
    return known.Coverage(
        fact=str(fact.id),
        coverage_id=message.coverage_id,
        payer_id=message.payer_id,
        verified_from=date_of(message, "verified_from"),
        verified_to=optional(date_of, message, "verified_to"),
    )


def _consent(fact: HeardFact, message: intake.ConsentGiven) -> known.Consent:
    return known.Consent(
        fact=str(fact.id),
        consent_id=message.consent_id,
        payer_id=message.recipient_payer_id,
        given_on=date_of(message, "given_on"),
        expires_on=optional(date_of, message, "expires_on"),
    )


def _plan(fact: HeardFact, message: plans.PlanActivated) -> known.Plan:
    return known.Plan(
        fact=str(fact.id),
        plan_id=message.plan_id,
        episode_id=message.episode_id,
        in_force_from=date_of(message, "in_force_from"),
    )


def _session(fact: HeardFact, message: attendance.SessionScheduled) -> known.Session:
    return known.Session(
        fact=str(fact.id),
        session_id=message.session_id,
        site_id=message.site_id,
        modality=attendance_api.Modality.Name(message.modality).removeprefix("MODALITY_"),
        service_date=date_of(message, "service_date"),
        ends_at=timestamp_of(message, "ends_at"),
    )


def _attended(fact: HeardFact, message: attendance.SessionAttended) -> known.Attendance:
    return _attendance(
        fact,
        message,
        attended=True,
        minutes=message.minutes,
        no_check_out=attendance.FLAG_NO_CHECK_OUT in message.flags,
    )


def _missed(fact: HeardFact, message: attendance.SessionMissed) -> known.Attendance:
    return _attendance(fact, message, attended=False, minutes=0)


def _corrected(fact: HeardFact, message: attendance.AttendanceCorrected) -> known.Attendance:
    return _attendance(
        fact,
        message,
        correction=message.correction,
        attended=message.attended,
        minutes=message.minutes,
    )


def _attendance(
    fact: HeardFact, message: Any, *, attended: bool, minutes: int, **rest: Any
) -> known.Attendance:
    return known.Attendance(
        fact=str(fact.id),
        session_id=message.session_id,
        site_id=message.site_id,
        service_date=date_of(message, "service_date"),
        attended=attended,
        minutes=minutes,
        correction=rest.get("correction", 0),
        no_check_out=rest.get("no_check_out", False),
    )


def _note(fact: HeardFact, message: attendance.SessionNoteSigned) -> known.Note:
    return known.Note(
        fact=str(fact.id),
        session_id=message.session_id,
        signed_at=timestamp_of(message, "signed_at"),
    )


def _authorization(fact: HeardFact, message: billing.AuthorizationRecorded) -> known.Authorization:
    return known.Authorization(
        fact=str(fact.id),
        authorization_id=message.authorization_id,
        payer_id=message.payer_id,
        level_of_care=message.level_of_care,
        units=message.units,
        effective_from=date_of(message, "effective_from"),
        effective_to=date_of(message, "effective_to"),
    )


def _enrollment(fact: HeardFact, message: billing.ProviderEnrolled) -> known.Enrollment:
    return known.Enrollment(
        fact=str(fact.id),
        provider_id=message.provider_id,
        payer_id=message.payer_id,
        site_id=message.site_id,
        effective_from=date_of(message, "effective_from"),
    )


def _fee(fact: HeardFact, message: billing.FeeSet) -> known.Fee:
    return known.Fee(
        fact=str(fact.id),
        sequence=fact.sequence,
        provider_id=message.provider_id,
        code=message.code,
        charge_minor=message.charge.minor_units,
        effective_from=date_of(message, "effective_from"),
    )


def _confirmed(fact: HeardFact, message: billing.RuleSetConfirmed) -> known.ConfirmedRules:
    return known.ConfirmedRules(fact=str(fact.id), rules=rule_set_of(message.rule_set))


def _issued(fact: HeardFact, message: billing.ClaimIssued) -> known.IssuedClaim:
    return known.IssuedClaim(
        fact=str(fact.id),
        claim_id=message.claim_id,
        payer_id=message.payer_id,
        provider_id=message.provider_id,
        site_id=message.site_id,
        coverage_id=message.coverage_id,
        authorization_id=message.authorization_id,
        period_start=date_of(message, "period_start"),
        period_end=date_of(message, "period_end"),
        lines=tuple(_line(line) for line in message.lines),
    )


def _line(message: billing.ClaimLine) -> Line:
    return Line(
        service_date=date_of(message, "service_date"),
        code=message.code,
        modifiers=tuple(message.modifiers),
        units=message.units,
        charge_minor=message.charge.minor_units,
        place_of_service=message.place_of_service,
    )


READERS: dict[str, tuple[str, Callable[[HeardFact, Any], Any]]] = {
    message.DESCRIPTOR.full_name: (field, read)
    for message, field, read in (
        (intake.ClientAdmitted, "admissions", _admission),
        (intake.DiagnosisRecorded, "diagnoses", _diagnosis),
        (intake.CoverageVerified, "coverages", _coverage),
        (intake.ConsentGiven, "consents", _consent),
        (plans.PlanActivated, "plans", _plan),
        (attendance.SessionScheduled, "sessions", _session),
        (attendance.SessionAttended, "attendances", _attended),
        (attendance.SessionMissed, "attendances", _missed),
        (attendance.AttendanceCorrected, "attendances", _corrected),
        (attendance.SessionNoteSigned, "notes", _note),
        (billing.ProviderEnrolled, "enrollments", _enrollment),
        (billing.FeeSet, "fees", _fee),
        (billing.RuleSetConfirmed, "confirmed", _confirmed),
        (billing.AuthorizationRecorded, "authorizations", _authorization),
        (billing.ClaimIssued, "issued", _issued),
    )
}
