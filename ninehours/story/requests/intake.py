"""What intake is told at length: who comes, and what was found."""

from datetime import date

from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story.courses import DemoScore
from ninehours.story.network import LEVEL
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


def register(client: DemoClient, site_id: str) -> pb.RegisterClientRequest:
    """A client's first record, with all that identifies them."""
    return pb.RegisterClientRequest(
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


def screen(on: date) -> pb.ScreenClientRequest:
    """Intensive outpatient care is for this client."""
    return pb.ScreenClientRequest(
        needs_detox=False,
        needs_24_hour_care=False,
        motivated=True,
        stable_environment=True,
        work_or_family_duties=True,
        screened_on=to_date(on),
    )


def decline(on: date) -> pb.ScreenClientRequest:
    """Withdrawal first: a place with beds."""
    return pb.ScreenClientRequest(
        needs_detox=True,
        needs_24_hour_care=False,
        motivated=True,
        stable_environment=True,
        screened_on=to_date(on),
        referred_to="REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT",
    )


def assess_areas(client: DemoClient, occasion: str, on: date) -> pb.AssessAreasRequest:
    """In each area the same is told, and in all but one there is need."""
    return pb.AssessAreasRequest(
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


def rate_dimensions(on: date) -> pb.RateDimensionsRequest:
    """As what the network's level of care is for."""
    return pb.RateDimensionsRequest(
        edition="CRITERIA_EDITION_ASAM_3",
        ratings=[
            pb.DimensionRating(dimension=dimension, rating=rating)
            for dimension, rating in enumerate(RATINGS, start=1)
        ],
        indicated_level=LEVEL,
        chosen_level=LEVEL,
        rated_on=to_date(on),
    )


def phq9(score: DemoScore) -> pb.CompleteAssessmentRequest:
    """Answers to items 1 to 8 that make the total, and to the ninth what is to be said."""
    points, over = divmod(score.total, SCORED_ITEMS)
    answers = {item: points + (item <= over) for item in range(1, SCORED_ITEMS + 1)}
    return pb.CompleteAssessmentRequest(
        instrument="phq9/1",
        answers={**answers, SCORED_ITEMS + 1: score.self_harm, SCORED_ITEMS + 2: 1},
    )
