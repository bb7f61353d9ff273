"""Requests of the story that take more than its moments and ids."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.courses import DemoScore, Objectives
from ninehours.story.network import (
    CAPACITY,
    LEVEL,
    TREATED_MINUTES,
    DemoGroup,
)
from ninehours.story.people import DemoClient

AREAS = (
    "MENTAL_HEALTH_HISTORY",
    "SUBSTANCE_USE",
    "MEDICAL",
    "FAMILY_AND_SOCIAL",
    "RECOVERY_GOALS",
)
# Dimensions one to six of the third edition's criteria: what 2.1 is for.
RATINGS = ("0", "1", "2", "1", "2", "2")
SCORED_ITEMS = 8  # of PHQ-9, without the ninth, self-harm
OBJECTIVES = 2
TERM = timedelta(days=28)  # between a plan's reviews


class ClaimFrequency(StrEnum):
    """What a claim is to the payer, as CLM05-3 says it."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


def since(first: date) -> dict[str, Any]:
    """The field `from`, which is a keyword of Python's and so can't be given by name."""
    return {"from": to_date(first)}


def credential(
    kind: str, state: str, npi: str, *, token_subject: str = "", staff_id: str = ""
) -> attendance.CredentialStaffRequest:
    """Valid in the state, for the token of their own id or of this subject; of somebody new, or of
    whom this id is."""
    return attendance.CredentialStaffRequest(
        type=f"CREDENTIAL_TYPE_{kind}",
        state=state,
        npi=npi,
        effective_from=to_date(days.LONG_BEFORE),
        token_subject=token_subject,
        staff_id=staff_id,
    )


def define_template(
    group: DemoGroup, site_id: str, program_id: str
) -> attendance.DefineTemplateRequest:
    """A group's week."""
    breaks = (
        [attendance.TemplateBreak(after_minutes=90, minutes=group.break_minutes)]
        if group.break_minutes
        else []
    )
    return attendance.DefineTemplateRequest(
        site_id=site_id,
        program_id=program_id,
        sessions=[
            attendance.TemplateSession(
                weekday=weekday,
                starts_minute=starts_minute,
                minutes=group.minutes,
                service_kind="SERVICE_KIND_GROUP",
                modality=f"MODALITY_{group.modality}",
                capacity=CAPACITY,
                breaks=breaks,
            )
            for weekday, starts_minute in group.meets
        ],
    )


def moments(by_client: Mapping[str, datetime]) -> list[attendance.Moment]:
    """When each client, by id, came or left."""
    return [
        attendance.Moment(client_id=client_id, at=to_timestamp(at))
        for client_id, at in by_client.items()
    ]


def dollars(minor_units: int) -> common.Money:
    """So many cents."""
    return common.Money(currency_code="USD", minor_units=minor_units)


def authorize(
    client: DemoClient, rules: rules_pb2.RuleSet, *, units: int, first: date, last: date
) -> billing.RecordAuthorizationRequest:
    """At whichever site; with a number of its own, as who comes again is authorized again."""
    return billing.RecordAuthorizationRequest(
        payer_id=rules.payer_id,
        number=f"{client.authorization_number}{first:%m%d}",
        level_of_care=LEVEL,
        units=units,
        effective_from=to_date(first),
        effective_to=to_date(last),
        unit=rules.authorization_unit or rules_pb2.AUTHORIZATION_UNIT_DAYS,
        any_site=True,
    )


def adjudicate(claim: billing.Claim, on: date) -> billing.RecordAdjudicationRequest:
    """Paid in full; of a void, what was paid is taken back.

    The payer's own number of the claim is invented: the same claim has the same.
    """
    void = claim.frequency == ClaimFrequency.VOID
    number = hashlib.sha256(claim.claim_id.encode()).hexdigest()[:12].upper()
    return billing.RecordAdjudicationRequest(
        claim_id=claim.claim_id,
        payer_control_number=f"PC{number}",
        status=f"ADJUDICATION_STATUS_{'REVERSED' if void else 'PAID'}",
        paid=dollars(0 if void else claim.charge.minor_units),
        adjudicated_on=to_date(on),
    )


def register(client: DemoClient, site_id: str) -> intake.RegisterClientRequest:
    """A client's first record, with all that identifies them."""
    return intake.RegisterClientRequest(
        site_id=site_id,
        identity=intake.Identity(
            family_name=client.family_name,
            given_name=client.given_name,
            birth_date=to_date(client.birth_date),
            sex=client.sex,
            address=common.PostalAddress(
                line=client.street, city=client.city, state=client.state, zip=client.zip
            ),
        ),
    )


def cover(payer_id: str, member_number: str) -> intake.AddCoverageRequest:
    """As the card says that the client showed."""
    return intake.AddCoverageRequest(
        payer_id=payer_id,
        member_number=member_number,
        group_number="PRX-0042",
        effective_from=to_date(days.LONG_BEFORE),
    )


def screen(on: date, *, needs_detox: bool = False) -> intake.ScreenClientRequest:
    """Intensive outpatient care is for this client, or withdrawal first: a place with beds."""
    return intake.ScreenClientRequest(
        needs_detox=needs_detox,
        needs_24_hour_care=False,
        motivated=True,
        stable_environment=True,
        work_or_family_duties=None if needs_detox else True,
        screened_on=to_date(on),
        referred_to="REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT" if needs_detox else None,
    )


def assess_areas(client: DemoClient, occasion: str, on: date) -> intake.AssessAreasRequest:
    """In each area the same is told, and in all but one there is need."""
    return intake.AssessAreasRequest(
        occasion=f"ASSESSMENT_OCCASION_{occasion}",
        areas=[
            intake.AssessedArea(
                area=f"ASSESSMENT_AREA_{area}",
                narrative=client.narrative,
                need=area != "MEDICAL",
            )
            for area in AREAS
        ],
        assessed_on=to_date(on),
    )


def rate_dimensions(on: date) -> intake.RateDimensionsRequest:
    """As what the network's level of care is for."""
    return intake.RateDimensionsRequest(
        edition="CRITERIA_EDITION_ASAM_3",
        ratings=[
            intake.DimensionRating(dimension=dimension, rating=rating)
            for dimension, rating in enumerate(RATINGS, start=1)
        ],
        indicated_level=LEVEL,
        chosen_level=LEVEL,
        rated_on=to_date(on),
    )


def phq9(score: DemoScore) -> intake.CompleteAssessmentRequest:
    """Answers to items 1 to 8 that make the total, and to the ninth what is to be said."""
    points, over = divmod(score.total, SCORED_ITEMS)
    answers = {item: points + (item <= over) for item in range(1, SCORED_ITEMS + 1)}
    return intake.CompleteAssessmentRequest(
        instrument="phq9/1",
        answers={**answers, SCORED_ITEMS + 1: score.self_harm, SCORED_ITEMS + 2: 1},
    )


def draft_plan(client: DemoClient, episode_id: str, by: date) -> plans.DraftPlanRequest:
    """A goal in the client's words, with two objectives to be met by a date."""
    score = client.course.first_score
    objectives = [
        plans.Objective(
            metric="phq9", baseline=score, target=max(score // 2, 1), target_date=to_date(by)
        ),
        plans.Objective(metric="days_without_use", baseline=3, target=28, target_date=to_date(by)),
    ]
    return plans.DraftPlanRequest(
        episode_id=episode_id,
        problems=[
            plans.Problem(diagnosis_code=code, dimension=3, description=client.narrative)
            for code in client.diagnoses
        ],
        goals=[plans.Goal(in_the_clients_words=client.wish, objectives=objectives, problem=1)],
        interventions=[
            plans.Intervention(
                kind="INTERVENTION_KIND_GROUP",
                times_per_week=3,
                minutes_each_time=TREATED_MINUTES,
            )
        ],
    )


def paper(signed_by: str) -> plans.PaperSignature:
    """A sheet of one page with nothing on it."""
    return plans.PaperSignature(
        signed_by=signed_by, scan=b"%PDF-1.7\n%%EOF\n", scan_type="SCAN_TYPE_PDF"
    )


def review(plan_id: str, objectives: Objectives, on: date) -> plans.ReviewPlanRequest:
    """Both objectives stand alike."""
    return plans.ReviewPlanRequest(
        plan_id=plan_id,
        ratings=[
            plans.ObjectiveRating(goal=1, objective=number, status=f"OBJECTIVE_STATUS_{objectives}")
            for number in range(1, OBJECTIVES + 1)
        ],
        reviewed_on=to_date(on),
        next_review_by=to_date(on + TERM),
    )
