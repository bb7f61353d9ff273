"""Screenings, the five areas and the six dimensions: what they let be recorded."""

from dataclasses import replace

import pytest
from hypothesis import given

from kernel.refusal import Refusal
from services.intake.domain import screening
from services.intake.domain.areas import (
    AREA_ASSESSMENT,
    Area,
    AreaAssessment,
    AreasAssessed,
    AssessAreas,
    AssessmentArea,
)
from services.intake.domain.dimensions import (
    RATING,
    DimensionsRated,
    RateDimensions,
    Rating,
)
from services.intake.domain.screening import (
    AdmissionDeclined,
    ClientScreened,
    LatestScreening,
    ScreenClient,
    Screening,
)
from tests.harness.intake import strategies as made
from tests.harness.intake.strategies import CLIENT_ID, day

FOUND = Screening(
    needs_detox=False,
    needs_24_hour_care=False,
    motivated=True,
    stable_environment=True,
    transition_from_inpatient=True,
    work_or_family_duties=False,
)
SCREENED = ScreenClient(client_id=CLIENT_ID, screening=FOUND, referred_to=None, screened_on=day(0))
DECLINED = replace(
    SCREENED, screening=replace(FOUND, needs_detox=True), referred_to="WITHDRAWAL_MANAGEMENT"
)
ASSESSED = AssessAreas(
    client_id=CLIENT_ID,
    assessment_id="assessment",
    occasion="INITIAL",
    areas=tuple(Area(area=area, need=area == "MEDICAL") for area in AssessmentArea),
    assessed_by="staff/1",
    assessed_on=day(0),
)
RATED = RateDimensions(
    client_id=CLIENT_ID,
    rating_id="rating",
    edition="ASAM_3",
    ratings=tuple((number, "2") for number in range(1, 7)),
    indicated_level="2.1",
    chosen_level="2.1",
    discrepancy_reason=None,
    rated_by="staff/1",
    rated_on=day(0),
)


def screened(*commands: ScreenClient) -> LatestScreening:
    latest = LatestScreening()
    for command in commands:
        for fact in tuple(screening.decide(command, latest)):
            latest = screening.evolve(latest, fact)
    return latest


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"needs_detox": True}, "NEEDS_DETOX"),
        ({"needs_24_hour_care": True}, "NEEDS_24_HOUR_CARE"),
        ({"motivated": False}, "NOT_MOTIVATED"),
        ({"stable_environment": False}, "NO_STABLE_ENVIRONMENT"),
    ],
)
def test_each_reason_to_decline_suffices(changes: dict[str, bool], reason: str) -> None:
    command = replace(DECLINED, screening=replace(FOUND, **changes))
    first, second = screening.decide(command, LatestScreening())
    assert isinstance(first, ClientScreened)
    assert isinstance(second, AdmissionDeclined)
    assert second.reasons == (reason,)
    assert second.referred_to == "WITHDRAWAL_MANAGEMENT"


def test_reasons_to_come_do_not_decide() -> None:
    for changes in ({"transition_from_inpatient": False}, {"work_or_family_duties": True}):
        assert replace(FOUND, **changes).reasons_to_decline() == ()


@pytest.mark.parametrize(
    "command", [replace(DECLINED, referred_to=None), replace(SCREENED, referred_to="OUTPATIENT")]
)
def test_a_referral_goes_with_being_declined(command: ScreenClient) -> None:
    with pytest.raises(Refusal) as caught:
        tuple(screening.decide(command, LatestScreening()))
    assert list(caught.value.details) == ["referred_to"]


def test_a_decline_of_before_is_said_by_the_fact_that_follows_it() -> None:
    """Screenings didn't say then where to the client was referred."""
    found, led_to = tuple(screening.decide(DECLINED, LatestScreening()))
    assert isinstance(found, ClientScreened)
    latest = LatestScreening()
    for fact in (replace(found, referred_to=None), led_to):
        latest = screening.evolve(latest, fact)
    assert latest == screened(DECLINED)
    assert tuple(screening.decide(DECLINED, latest)) == ()


def test_the_screening_recorded_last_counts() -> None:
    assert not screened(SCREENED).declined
    assert screened(SCREENED, DECLINED).declined
    assert not screened(SCREENED, DECLINED, SCREENED).declined
    assert tuple(screening.decide(DECLINED, screened(DECLINED))) == ()


@pytest.mark.parametrize(
    "areas",
    [
        ASSESSED.areas[:4],
        (*ASSESSED.areas, Area(area="MEDICAL", need=False)),
        (*ASSESSED.areas[:4], ASSESSED.areas[0]),
        (),
    ],
    ids=["four", "six", "one twice", "none"],
)
def test_the_five_areas_are_assessed_each_once(areas: tuple[Area, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        tuple(AREA_ASSESSMENT.decide(replace(ASSESSED, areas=areas), AreaAssessment()))
    assert list(caught.value.details) == ["areas"]


def test_needs_stand_in_one_order_whatever_order_they_were_told_in() -> None:
    needy = tuple(Area(area=area, need=area != "MEDICAL") for area in reversed(AssessmentArea))
    [fact] = AREA_ASSESSMENT.decide(replace(ASSESSED, areas=needy), AreaAssessment())
    assert fact.needs == tuple(area for area in AssessmentArea if area != "MEDICAL")


@given(made.area_assessments, made.areas_assessed)
def test_areas_assessed_are_never_overwritten(command: AssessAreas, fact: AreasAssessed) -> None:
    [done] = AREA_ASSESSMENT.decide(command, AreaAssessment())
    for recorded in (done, fact):
        assert tuple(AREA_ASSESSMENT.decide(command, AREA_ASSESSMENT.fold([recorded]))) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ratings": RATED.ratings[:5]}, "ratings"),
        ({"ratings": (*RATED.ratings[:5], (5, "2"))}, "ratings"),
        ({"ratings": (*RATED.ratings[:5], (6, "5"))}, "ratings"),
        ({"ratings": (*RATED.ratings[:5], (6, "2.1"))}, "ratings"),
        ({"edition": "ASAM_4", "ratings": (*RATED.ratings[:5], (6, "any"))}, "ratings"),
        ({"edition": "ASAM_4", "ratings": (*RATED.ratings[:5], (6, "TOO LONG 1"))}, "ratings"),
        ({"edition": "ASAM_4", "ratings": (*RATED.ratings[:5], (6, " "))}, "ratings"),
        ({"indicated_level": "IOP"}, "indicated_level"),
        ({"chosen_level": "3.5 COE"}, "chosen_level"),
        ({"chosen_level": "1"}, "discrepancy_reason"),
        ({"discrepancy_reason": "CLIENT_PREFERENCE"}, "discrepancy_reason"),
    ],
)
def test_what_an_edition_does_not_have_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        tuple(RATING.decide(replace(RATED, **changes), Rating()))  # type: ignore[arg-type]
    assert list(caught.value.details) == [field]


def test_the_level_chosen_may_differ_with_a_reason() -> None:
    command = replace(
        RATED,
        edition="ASAM_4",
        ratings=tuple(zip(range(1, 7), ("EVAL", "ANY", "3.5 COE", "B", "0", "2.1+"), strict=True)),
        indicated_level="3.5 COE",
        chosen_level="2.1",
        discrepancy_reason="LEVEL_NOT_AVAILABLE",
    )
    [fact] = RATING.decide(command, Rating())
    assert fact.ratings == {1: "EVAL", 2: "ANY", 3: "3.5 COE", 4: "B", 5: "0", 6: "2.1+"}
    assert (fact.indicated_level, fact.chosen_level) == ("3.5 COE", "2.1")


@given(made.ratings, made.rated)
def test_ratings_are_never_overwritten(command: RateDimensions, fact: DimensionsRated) -> None:
    try:
        [done] = RATING.decide(command, Rating())
    except Refusal:
        return
    for recorded in (done, fact):
        assert tuple(RATING.decide(command, RATING.fold([recorded]))) == ()
