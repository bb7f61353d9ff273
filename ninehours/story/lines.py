"""What is said in the story: the requests, filled from the cast."""

from collections.abc import Sequence
from datetime import date, datetime

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.cast import Cast, Client
from ninehours.story.rules import SUD_PER_DIEM, read_rule_set

LEVEL = "2.1"
PER_DIEM = "H0015"
FEE_MINOR = 28_500
# Clinic or center, rehabilitation, substance use disorder.
TAXONOMY = "261QR0405X"
SITE = common.PostalAddress(line="2150 Lantern Row", city="Chicago", state="IL", zip="606223417")


def open_site(cast: Cast) -> attendance.OpenSiteRequest:
    return attendance.OpenSiteRequest(
        name="Lantern Row IOP", time_zone=days.TIME_ZONE, address=SITE, npi=cast.site_npi
    )


def open_program(site_id: str) -> attendance.OpenProgramRequest:
    return attendance.OpenProgramRequest(
        site_id=site_id, kind="PROGRAM_KIND_SUBSTANCE_USE", under_part2=True
    )


def credential_clinician(cast: Cast) -> attendance.CredentialStaffRequest:
    return attendance.CredentialStaffRequest(
        credential="LCSW", npi=cast.clinician_npi, effective_from=to_date(days.LONG_BEFORE)
    )


def register_payer() -> billing.RegisterPayerRequest:
    return billing.RegisterPayerRequest(
        name="Prairie Example Health Plan", payer_number="PRXHP", filing_indicator="CI"
    )


def register_provider(cast: Cast) -> billing.RegisterProviderRequest:
    return billing.RegisterProviderRequest(
        name="Lantern Row Recovery LLC",
        npi=cast.provider_npi,
        tax_id=cast.tax_id,
        taxonomy=TAXONOMY,
        address=SITE,
        contact_name="Billing Office",
        contact_phone="3125550142",
    )


def set_fee(provider_id: str) -> billing.SetFeeRequest:
    return billing.SetFeeRequest(
        provider_id=provider_id,
        code=PER_DIEM,
        charge=common.Money(currency_code="USD", minor_units=FEE_MINOR),
        effective_from=to_date(days.LONG_BEFORE),
    )


def enroll(provider_id: str, payer_id: str, site_id: str) -> billing.EnrollProviderRequest:
    return billing.EnrollProviderRequest(
        provider_id=provider_id,
        payer_id=payer_id,
        site_id=site_id,
        effective_from=to_date(days.LONG_BEFORE),
    )


def propose_rules(payer_id: str) -> billing.ProposeRuleSetRequest:
    return billing.ProposeRuleSetRequest(rule_set=read_rule_set(SUD_PER_DIEM, payer_id))


def confirm_rules(proposed: billing.ProposeRuleSetRequest) -> billing.ConfirmRuleSetRequest:
    return billing.ConfirmRuleSetRequest(
        payer_id=proposed.rule_set.payer_id, version=proposed.rule_set.version
    )


def register(client: Client) -> intake.RegisterClientRequest:
    return intake.RegisterClientRequest(
        identity=intake.Identity(
            family_name=client.family_name,
            given_name=client.given_name,
            birth_date=to_date(client.birth_date),
            sex=client.sex,
            address=common.PostalAddress(
                line=client.street, city=client.city, state="IL", zip=client.zip
            ),
        )
    )


def consent(client_id: str, payer_id: str, given_on: date) -> intake.GiveConsentRequest:
    return intake.GiveConsentRequest(
        client_id=client_id,
        purpose="CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS",
        recipient_payer_id=payer_id,
        given_on=to_date(given_on),
    )


def add_coverage(client: Client, client_id: str, payer_id: str) -> intake.AddCoverageRequest:
    return intake.AddCoverageRequest(
        client_id=client_id,
        payer_id=payer_id,
        member_number=client.member_number,
        group_number="PRX-0042",
        effective_from=to_date(days.LONG_BEFORE),
    )


def verify_coverage(client_id: str, coverage_id: str) -> intake.VerifyCoverageRequest:
    return intake.VerifyCoverageRequest(
        client_id=client_id, coverage_id=coverage_id, verified_from=to_date(days.LONG_BEFORE)
    )


def assess(client: Client, client_id: str) -> intake.CompleteAssessmentRequest:
    return intake.CompleteAssessmentRequest(
        client_id=client_id,
        instrument="phq9/1",
        answers=dict(enumerate(client.phq9, start=1)),
    )


def diagnose(client_id: str, code: str, rank: int, on: date) -> intake.RecordDiagnosisRequest:
    return intake.RecordDiagnosisRequest(
        client_id=client_id, code=code, rank=rank, effective_from=to_date(on)
    )


def admit(client_id: str, site_id: str, program_id: str) -> intake.AdmitClientRequest:
    return intake.AdmitClientRequest(
        client_id=client_id,
        site_id=site_id,
        program=common.Program(
            program_id=program_id, kind="PROGRAM_KIND_SUBSTANCE_USE", under_part2=True
        ),
        level_of_care=LEVEL,
        admitted_on=to_date(days.ADMISSION),
    )


def draft_plan(
    client: Client, client_id: str, admitted: intake.AdmitClientResponse, score: int
) -> plans.DraftPlanRequest:
    """Rests on the admission: plans waits until it heard of it."""
    objective = plans.Objective(
        metric="phq9", baseline=score, target=max(score // 2, 1), target_date=to_date(days.BILLING)
    )
    return plans.DraftPlanRequest(
        meta=common.CommandMeta(after=admitted.receipt.published),
        client_id=client_id,
        episode_id=admitted.episode_id,
        goals=[plans.Goal(in_the_clients_words=client.wish, objectives=[objective])],
        interventions=[
            plans.Intervention(
                kind="INTERVENTION_KIND_GROUP",
                times_per_week=len(days.WEEKDAYS),
                minutes_each_time=days.SESSION_MINUTES,
            )
        ],
    )


def sign_plan(plan_id: str, role: str) -> plans.SignPlanRequest:
    return plans.SignPlanRequest(
        plan_id=plan_id, signer_role=f"SIGNER_ROLE_{role}", signed_on=to_date(days.ADMISSION)
    )


def authorize(client: Client, client_id: str, payer_id: str) -> billing.RecordAuthorizationRequest:
    return billing.RecordAuthorizationRequest(
        client_id=client_id,
        payer_id=payer_id,
        number=client.authorization_number,
        level_of_care=LEVEL,
        units=days.AUTHORIZED_DAYS,
        effective_from=to_date(days.FIRST_MONDAY),
        effective_to=to_date(days.AUTHORIZED_THROUGH),
    )


def schedule(
    site_id: str, program_id: str, staff_id: str, day: date, roster: Sequence[str]
) -> attendance.ScheduleSessionRequest:
    return attendance.ScheduleSessionRequest(
        site_id=site_id,
        program_id=program_id,
        facilitator_id=staff_id,
        service_kind="SERVICE_KIND_GROUP",
        modality="MODALITY_IN_PERSON",
        starts_at=to_timestamp(days.starts_at(day)),
        ends_at=to_timestamp(days.ends_at(day)),
        roster=roster,
    )


def check_in(session_id: str, client_id: str, at: datetime) -> attendance.CheckInRequest:
    return attendance.CheckInRequest(
        session_id=session_id, client_id=client_id, at=to_timestamp(at)
    )


def check_out(session_id: str, client_id: str, at: datetime) -> attendance.CheckOutRequest:
    return attendance.CheckOutRequest(
        session_id=session_id, client_id=client_id, at=to_timestamp(at)
    )


def close(session_id: str) -> attendance.CloseSessionRequest:
    return attendance.CloseSessionRequest(session_id=session_id)


def sign_note(client: Client, client_id: str, session_id: str) -> attendance.SignNoteRequest:
    return attendance.SignNoteRequest(session_id=session_id, client_id=client_id, text=client.note)


def correct(
    client_id: str, session_id: str, came: datetime, left: datetime
) -> attendance.CorrectAttendanceRequest:
    """`from` is a keyword of Python's, so the interval is given by names."""
    interval = attendance.Interval(**{"from": to_timestamp(came), "to": to_timestamp(left)})
    return attendance.CorrectAttendanceRequest(
        session_id=session_id,
        client_id=client_id,
        intervals=[interval],
        reason="CORRECTION_REASON_WRONG_TIME",
    )


def issue(payer_id: str) -> billing.IssueClaimsRequest:
    return billing.IssueClaimsRequest(payer_id=payer_id, through=to_date(days.LAST_SUNDAY))
