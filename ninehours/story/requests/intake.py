"""What intake is told: who comes, what they agreed to, who pays, what was found, who stays."""

from collections.abc import Sequence
from datetime import date

from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.courses import Score
from ninehours.story.network import LEVEL
from ninehours.story.people import Client

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


def register(
    client: Client, site_id: str, *, after: Sequence[common.Position]
) -> pb.RegisterClientRequest:
    """`after`: where the site was published: intake waits for it."""
    return pb.RegisterClientRequest(
        meta=common.CommandMeta(after=after),
        site_id=site_id,
        identity=pb.Identity(
            family_name=client.family_name,
            given_name=client.given_name,
            birth_date=to_date(client.birth_date),
            sex=client.sex,
            address=common.PostalAddress(
                line=client.street, city=client.city, state=client.state, zip=client.zip
            ),
        ),
    )


def screen(client_id: str, on: date) -> pb.ScreenClientRequest:
    """Intensive outpatient care is for this client."""
    return pb.ScreenClientRequest(
        client_id=client_id,
        needs_detox=False,
        needs_24_hour_care=False,
        motivated=True,
        stable_environment=True,
        work_or_family_duties=True,
        screened_on=to_date(on),
    )


def decline(client_id: str, on: date) -> pb.ScreenClientRequest:
    """Withdrawal first: a place with beds."""
    return pb.ScreenClientRequest(
        client_id=client_id,
        needs_detox=True,
        needs_24_hour_care=False,
        motivated=True,
        stable_environment=True,
        screened_on=to_date(on),
        referred_to="REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT",
    )


def consent(
    client_id: str, payer_id: str, given_on: date, *, after: Sequence[common.Position]
) -> pb.GiveConsentRequest:
    """`after`: where the payer was published: intake waits for it."""
    return pb.GiveConsentRequest(
        meta=common.CommandMeta(after=after),
        client_id=client_id,
        purpose="CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS",
        recipient_payer_id=payer_id,
        given_on=to_date(given_on),
    )


def revoke(client_id: str, consent_id: str, on: date) -> pb.RevokeConsentRequest:
    return pb.RevokeConsentRequest(
        client_id=client_id, consent_id=consent_id, revoked_on=to_date(on)
    )


def restrict(
    client_id: str, payer_id: str, week: int, *, after: Sequence[common.Position]
) -> pb.RestrictDisclosureRequest:
    """`from` is a keyword of Python's, so it is given by name."""
    first, last = days.day_of(week), days.day_of(week, days.SUNDAY)
    return pb.RestrictDisclosureRequest(
        meta=common.CommandMeta(after=after),
        client_id=client_id,
        payer_id=payer_id,
        **{"from": to_date(first)},
        to=to_date(last),
    )


def add_coverage(
    client: Client, client_id: str, payer_id: str, *, after: Sequence[common.Position]
) -> pb.AddCoverageRequest:
    return pb.AddCoverageRequest(
        meta=common.CommandMeta(after=after),
        client_id=client_id,
        payer_id=payer_id,
        member_number=client.member_number,
        group_number="PRX-0042",
        effective_from=to_date(days.LONG_BEFORE),
    )


def verify_coverage(client_id: str, coverage_id: str) -> pb.VerifyCoverageRequest:
    return pb.VerifyCoverageRequest(
        client_id=client_id, coverage_id=coverage_id, verified_from=to_date(days.LONG_BEFORE)
    )


def assess_areas(client: Client, client_id: str, occasion: str, on: date) -> pb.AssessAreasRequest:
    return pb.AssessAreasRequest(
        client_id=client_id,
        occasion=f"ASSESSMENT_OCCASION_{occasion}",
        areas=[
            pb.AssessedArea(
                area=f"ASSESSMENT_AREA_{area}",
                narrative=client.narrative,
                need=area != "MEDICAL",
            )
            for area in AREAS
        ],
        assessed_on=to_date(on),
    )


def rate_dimensions(client_id: str, on: date) -> pb.RateDimensionsRequest:
    return pb.RateDimensionsRequest(
        client_id=client_id,
        edition="CRITERIA_EDITION_ASAM_3",
        ratings=[
            pb.DimensionRating(dimension=dimension, rating=rating)
            for dimension, rating in enumerate(RATINGS, start=1)
        ],
        indicated_level=LEVEL,
        chosen_level=LEVEL,
        rated_on=to_date(on),
    )


def phq9(client_id: str, score: Score) -> pb.CompleteAssessmentRequest:
    """Answers to items 1 to 8 that make the total, and to the ninth what is to be said."""
    each, over = divmod(score.total, SCORED_ITEMS)
    answers = {item: each + (item <= over) for item in range(1, SCORED_ITEMS + 1)}
    return pb.CompleteAssessmentRequest(
        client_id=client_id,
        instrument="phq9/1",
        answers={**answers, SCORED_ITEMS + 1: score.self_harm, SCORED_ITEMS + 2: 1},
    )


def close_safety_task(client: Client, client_id: str, task_id: str) -> pb.CloseSafetyTaskRequest:
    return pb.CloseSafetyTaskRequest(
        client_id=client_id,
        task_id=task_id,
        action="SAFETY_ACTION_SAFETY_PLAN_MADE",
        note=f"Plan made with {client.given_name} {client.family_name}; called again at nine.",
    )


def diagnose(client_id: str, code: str, rank: int, on: date) -> pb.RecordDiagnosisRequest:
    return pb.RecordDiagnosisRequest(
        client_id=client_id, code=code, rank=rank, effective_from=to_date(on)
    )


def admit(
    client_id: str,
    site_id: str,
    program_id: str,
    *,
    on: date,
    after: Sequence[common.Position],
) -> pb.AdmitClientRequest:
    """`after`: where the program, and a discharge before, were published: intake waits for them."""
    return pb.AdmitClientRequest(
        meta=common.CommandMeta(after=after),
        client_id=client_id,
        site_id=site_id,
        program_id=program_id,
        level_of_care=LEVEL,
        admitted_on=to_date(on),
    )
