"""What the chart makes of what services told: rows, and shapes on one axis of weeks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from ninehours.billing.v1 import accounts_service_pb2 as accounts
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as correcting
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_pb
from ninehours.intake.v1 import statements_service_pb2 as statements
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.console.pages.chart.asking import ToldPart
from ninehours.console.pages.chart.axis import Shape, axis_of
from ninehours.console.pages.chart.bands import (
    Bands,
    LevelRow,
    authorizations_of,
    claims_of,
    levels_of,
    plans_of,
    scores_of,
    weeks_of,
)
from ninehours.console.pages.chart.drawing import drawn
from ninehours.console.pages.chart.put_right import put_right_of
from ninehours.console.pages.chart.tables import tables_of
from ninehours.console.texts import written
from services.intake.api.chart import to_instrument
from services.intake.domain.instruments import INSTRUMENTS, bam
from services.intake.domain.instruments.described import DESCRIBED
from services.intake.domain.instruments.score import Band

ENUMS = (
    common.ProgramKind,
    plans.DischargeReason,
    plans.ScoreChange,
    plans.SignerRole,
    intake_pb.SafetyRisk,
    rules.AuthorizationUnit,
)
MONDAY = date(2026, 3, 2)


def course(*levels: courses.LevelSegment) -> courses.CourseEpisode:
    return courses.CourseEpisode(
        episode_id="episode",
        site_id="site",
        program=common.Program(kind=common.PROGRAM_KIND_DUAL, under_part2=True),
        admitted_on=to_date(MONDAY),
        levels=levels,
    )


def level(name: str, first: date, last: date | None = None, floor: int = 540) -> LevelRow:
    segment = courses.LevelSegment(
        level_of_care=name,
        floor_minutes=floor,
        ceiling_minutes=900 if floor else 0,
        to=to_date(last) if last else None,
        **{"from": to_date(first)},
    )
    [row] = levels_of([course(segment)], {"site": "Harbor"})
    return row


def week(monday: date, *, delivered: int = 540, **changes: object) -> plans.WeekOfProgress:
    told = {"attended": 3, "complete": True, "reaches_band": delivered >= 540, **changes}
    return plans.WeekOfProgress(
        week_start=to_date(monday), delivered_minutes=delivered, episode_id="episode", **told
    )


def claim(first: date, last: date, frequency: str = "1", *, stands: bool) -> accounts.AccountClaim:
    return accounts.AccountClaim(
        claim_id=f"{first}",
        charge=common.Money(currency_code="USD", minor_units=85500),
        frequency=frequency,
        stands=stands,
        to=to_date(last),
        **{"from": to_date(first)},
    )


def test_what_services_tell_by_a_code_has_words() -> None:
    found = written()["chart"]
    assert found["codes"].keys() == {name for enum in ENUMS for name in enum.keys()}  # noqa: SIM118
    flags = {"USE", "RISK", "PROTECTIVE", bam.NO_FLAG}
    assert found["severities"].keys() == {*Band, *flags}
    ids = {instrument.partition("/")[0].upper() for instrument in INSTRUMENTS}
    assert found["instruments"].keys() == ids
    assert found["subscales"].keys() == {name.upper() for name in bam.SUBSCALES}


def test_a_week_is_short_of_the_level_of_its_end_alone_and_only_when_it_is_over() -> None:
    levels = [level("2.1", MONDAY, date(2026, 3, 11)), level("1", date(2026, 3, 12), floor=0)]
    short, of_no_band, open_one, without = weeks_of(
        [
            week(MONDAY, delivered=400),
            week(date(2026, 3, 9), delivered=180),
            week(MONDAY, delivered=400, complete=False),
            week(MONDAY, delivered=0, attended=0),
        ],
        levels,
    )
    assert [each.short for each in (short, of_no_band, open_one, without)] == [
        *(True, False, False, False)
    ]
    [unknown] = weeks_of([week(MONDAY, delivered=400)], [])
    assert not unknown.short


def test_changes_of_scores_are_told_where_they_move() -> None:
    told = [
        plans.ScoreTrend(known=True, first=16, latest=latest, change=change)
        for latest, change in (
            (16, plans.SCORE_CHANGE_NONE_RELIABLE),
            (16, plans.SCORE_CHANGE_NONE_RELIABLE),
            (9, plans.SCORE_CHANGE_RELIABLY_IMPROVED),
        )
    ]
    days = [date(2026, 3, day) for day in (2, 9, 16)]
    weeks = weeks_of(
        [week(day, phq9=trend) for day, trend in zip(days, told, strict=True)],
        [level("2.1", MONDAY)],
    )
    moved = Bands(weeks=weeks).changes
    assert [each.monday for each in moved] == [days[0], days[2]]
    assert [each.reliable for each in moved] == [False, True]


def test_a_plan_ends_with_what_came_into_force_in_its_place_or_with_its_episode() -> None:
    first, second, draft = plans_of(
        [
            care.RecordedPlan(
                plan_id="a",
                episode_id="episode",
                superseded_by="b",
                in_force_from=to_date(MONDAY),
            ),
            care.RecordedPlan(
                plan_id="b", episode_id="episode", in_force_from=to_date(date(2026, 4, 1))
            ),
            care.RecordedPlan(plan_id="c", episode_id="episode"),
        ],
        [level("2.1", MONDAY, date(2026, 5, 1))],
    )
    assert (first.first, first.last) == (MONDAY, date(2026, 3, 31))
    assert second.last == date(2026, 5, 1)
    assert draft.first is None


def test_the_axis_has_whole_weeks_and_of_very_many_the_newest() -> None:
    axis = axis_of(date(2026, 2, 27), date(2026, 3, 8))
    assert (axis.monday, axis.weeks, axis.last) == (date(2026, 2, 23), 2, date(2026, 3, 8))
    assert [says for _, says in axis.ticks] == ["23 Feb", "2 Mar"]
    long = axis_of(date(2016, 1, 1), date(2026, 3, 8))
    assert long.last == date(2026, 3, 8)
    assert long.weeks == 104
    # What began before it begins at its edge.
    assert long.span(date(2016, 1, 1), None) == (long.x(long.monday), long.weeks * long.week)


def test_what_overlaps_is_drawn_one_below_the_other_and_what_goes_on_to_the_end() -> None:
    bands = Bands(
        levels=[level("2.1", MONDAY)],
        claims=claims_of(
            [
                claim(MONDAY, date(2026, 3, 5), "7", stands=True),
                claim(MONDAY, date(2026, 3, 5), stands=False),
                claim(date(2026, 3, 9), date(2026, 3, 12), stands=True),
            ],
            {},
        ),
    )
    drawing = drawn(bands)
    assert drawing
    levels, claims = drawing.lanes
    [bar] = levels.shapes
    assert bar.x + bar.width == pytest.approx(drawing.axis.width, abs=6)
    assert [shape.look for shape in claims.shapes] == ["claim", "fallen", "claim"]
    above, below, next_one = (shape.y for shape in claims.shapes)
    assert above == next_one < below
    assert drawn(Bands()) is None


def scored(*told: intake.InstrumentAssessment) -> Bands:
    """Assessments a week apart, by instruments as intake describes them."""
    for number, each in enumerate(told):
        each.completed_at.FromDatetime(datetime(2026, 3, 2 + 7 * number, 18, tzinfo=UTC))
    described = {each.instrument: to_instrument(each) for each in DESCRIBED}
    rows = scores_of(told, described, ZoneInfo("America/Chicago"))
    return Bands(scores=rows, instruments=described)


def lanes(bands: Bands) -> dict[str, Sequence[Shape]]:
    drawing = drawn(bands)
    assert drawing
    return {lane.title: lane.shapes for lane in drawing.lanes}


def points(shapes: Sequence[Shape]) -> list[Shape]:
    return [shape for shape in shapes if shape.kind == "point"]


def within(point: Shape, strips: Sequence[Shape]) -> list[int]:
    """In which of the strips it lies, from the lowest."""
    return [at for at, strip in enumerate(strips) if strip.y <= point.y <= strip.y + strip.height]


def strips(shapes: Sequence[Shape]) -> list[Shape]:
    return [shape for shape in shapes if shape.look.startswith("severity")]


def test_a_category_is_a_step_and_nothing_is_drawn_between_two() -> None:
    shapes = lanes(
        scored(
            intake.InstrumentAssessment(instrument="c_ssrs/1", band="NONE"),
            intake.InstrumentAssessment(
                instrument="c_ssrs/1", band="HIGH", safety_flag=True, partial=True
            ),
        )
    )["C-SSRS"]
    assert [shape.text for shape in shapes if shape.look == "note"] == [
        "none",
        "low",
        "moderate",
        "high",
    ]
    none, high = points(shapes)
    assert (within(none, strips(shapes)), within(high, strips(shapes))) == ([0], [3])
    assert (none.look, high.look) == ("score", "flagged partial")
    assert [shape.text for shape in shapes if shape.look == "beside"] == ["▲"]
    assert not [shape for shape in shapes if shape.kind == "line"]


def test_subscales_lie_in_bands_of_their_own_and_no_total_is_made_of_them() -> None:
    found = lanes(
        scored(
            intake.InstrumentAssessment(
                instrument="bam/1", band="USE", subscales={"use": 3, "risk": 11, "protective": 20}
            ),
            intake.InstrumentAssessment(
                instrument="bam/1", band="RISK+PROTECTIVE", subscales={"risk": 14, "protective": 9}
            ),
        )
    )
    flagged = {
        title: [within(point, strips(shapes))[0] for point in points(shapes)]
        for title, shapes in found.items()
    }
    assert flagged == {"BAM, use": [1], "BAM, risk": [0, 1], "BAM, protective factors": [1, 0]}
    values = [shape.text for shapes in found.values() for shape in shapes if shape.look == "beside"]
    assert values == ["3", "11", "14", "20", "9"]


def test_a_total_that_alone_does_not_tell_what_it_means_says_what_it_was_found_to_mean() -> None:
    audit = intake.InstrumentAssessment(instrument="audit_c/1", score=3, band="POSITIVE")
    shapes = lanes(scored(audit))["AUDIT-C"]
    assert len(strips(shapes)) == 1
    assert [shape.text for shape in shapes if shape.look == "beside"] == ["3 positive"]


def test_whatever_is_drawn_has_its_table_and_a_category_is_told_without_a_score() -> None:
    improved = plans.ScoreTrend(
        known=True, first=16, latest=9, change=plans.SCORE_CHANGE_RELIABLY_IMPROVED
    )
    plan = care.RecordedPlan(plan_id="plan", plan_version=1, in_force_from=to_date(MONDAY))
    allowed = billing.AuthorizationBalance(
        payer_id="payer",
        unit=rules.AUTHORIZATION_UNIT_DAYS,
        units=12,
        issued=3,
        allocated=2,
        effective_from=to_date(MONDAY),
        effective_to=to_date(MONDAY),
    )
    bands = replace(
        scored(
            intake.InstrumentAssessment(instrument="phq9/1", score=9, band="MILD"),
            intake.InstrumentAssessment(instrument="bam/1", band="NO_FLAG", subscales={"use": 0}),
            intake.InstrumentAssessment(instrument="c_ssrs/1", band="LOW"),
            intake.InstrumentAssessment(instrument="newer/1", band="SOME", score=2),
        ),
        levels=[level("2.1", MONDAY)],
        weeks=weeks_of([week(MONDAY, phq9=improved)], [level("2.1", MONDAY)]),
        plans=plans_of([plan], []),
        authorizations=authorizations_of([allowed], {"payer": "Prairie"}),
        claims=claims_of([claim(MONDAY, MONDAY, stands=True)], {}),
    )
    found = lanes(bands)
    assert [*found] == [
        "Level of care",
        "Hours of treatment a week",
        "PHQ-9",
        "BAM, use",
        "C-SSRS",
        "Plans in force, ● reviewed",
        "Authorizations, units left",
        "Claims issued",
    ]
    asked, given = (
        next(shape for shape in found["Hours of treatment a week"] if shape.look == look)
        for look in ("asked", "hours")
    )
    assert "9 to 15 h" in [shape.text for shape in found["Hours of treatment a week"]]
    assert given.y == pytest.approx(asked.y + asked.height)  # nine hours reach nine hours
    assert "reliably improved" in [shape.text for shape in found["PHQ-9"]]
    assert [shape.text for shape in found["Authorizations, units left"]] == ["Prairie: 7/12 days"]
    names = ("levels", "hours", "scores", "changes", "plans", "authorizations", "claims")
    tables = tables_of(bands, dict.fromkeys(names, ToldPart(said=True)))
    assert [(table.name, table.called) for table in tables if table.rows] == [
        ("levels", ""),
        ("hours", ""),
        ("scores", "PHQ-9"),
        ("scores", "BAM"),
        ("scores", "C-SSRS"),
        ("scores", "NEWER"),
        ("changes", ""),
        ("plans", ""),
        ("authorizations", ""),
        ("claims", ""),
    ]
    rows = {table.called: table.rows for table in tables if table.name == "scores"}
    assert rows["C-SSRS"] == [("2026-03-16", "", "low", "")]
    assert rows["BAM"] == [("2026-03-09", "use 0", "no flag", "")]


def test_scores_lie_in_the_bands_of_their_instrument() -> None:
    phq9 = intake.Instrument(
        instrument="phq9/1",
        highest_score=27,
        bands=[
            intake.InstrumentBand(band="MINIMAL", lowest_score=0),
            intake.InstrumentBand(band="SEVERE", lowest_score=20),
        ],
    )
    told = [intake.InstrumentAssessment(instrument="phq9/1", score=21, band="SEVERE")]
    told[0].completed_at.FromJsonString("2026-03-03T03:00:00Z")
    rows = scores_of(told, {"phq9/1": phq9}, ZoneInfo("America/Chicago"))
    assert rows[0].on == MONDAY  # by the site's clock
    drawing = drawn(Bands(scores=rows, instruments={"phq9/1": phq9}))
    assert drawing
    [lane] = drawing.lanes
    minimal, severe = (shape for shape in lane.shapes if shape.look.startswith("severity"))
    [point] = (shape for shape in lane.shapes if shape.kind == "point")
    assert severe.y < point.y < severe.y + severe.height == minimal.y


def test_what_was_put_right_tells_what_differs_and_what_was_taken_back_all_of_it() -> None:
    def telling(revision: int, **said: object) -> statements.Revision:
        found = statements.Revision(revision=revision, said_by="staff/1", **said)
        found.said_at.FromJsonString(f"2026-03-0{revision}T12:00:00Z")
        return found

    def given(day: int) -> statements.Recording:
        return statements.Recording(
            consent=intake_pb.GiveConsentRequest(
                client_id="c", purpose=1, given_on=to_date(date(2026, 3, day))
            )
        )

    mistyped = correcting.CORRECTION_REASON_MISTYPED
    revisions = [
        telling(1, recording=given(1)),
        telling(2, recording=given(2), reason=mistyped, remark="the 2nd"),
        telling(3, recording=given(2), reason=mistyped, voided=True),
    ]
    right = statements.Statement(revisions=revisions[:1])
    wrong = statements.Statement(revisions=revisions)
    moved, voided = put_right_of([right, wrong], ZoneInfo("UTC"))
    assert (moved.kind, moved.reason, moved.remark) == ("Consent", "mistyped", "the 2nd")
    assert moved.said == [("Given on", "2026-03-01", "2026-03-02")]
    assert voided.taken_back
    assert {stands for _, _, stands in voided.said} == {""}
    assert ("Given on", "2026-03-02", "") in voided.said


def test_a_table_says_why_it_is_not_told_and_is_left_out_where_it_is_for_other_roles() -> None:
    answers = {
        "levels": ToldPart(why_not="away"),
        "claims": ToldPart(of_other_roles=True),
        "plans": ToldPart(said=care.ReadPlansResponse()),
    }
    levels, found = tables_of(Bands(), answers)
    assert (levels.name, levels.why_not) == ("levels", "away")
    assert (found.name, found.why_not, found.rows) == ("plans", "", [])


def test_what_is_written_on_a_bar_is_whole_and_none_covers_another() -> None:
    told = [
        claim(MONDAY + week * timedelta(days=7), MONDAY + week * timedelta(days=7), stands=True)
        for week in range(3)
    ]
    bands = Bands(
        levels=[level("2.1", MONDAY, MONDAY + timedelta(days=20))], claims=claims_of(told, {})
    )
    drawing = drawn(bands)
    assert drawing
    bars = drawing.lanes[-1].shapes
    for bar in bars:
        assert bar.x < bar.text_x or bar.text_x + 6 * len(bar.text) <= drawing.axis.width
    lines = {bar.y for bar in bars}
    for on_line in lines:
        ends = 0.0
        for bar in (each for each in bars if each.y == on_line):
            assert bar.x >= ends
            ends = max(bar.x + bar.width, bar.text_x + 6 * len(bar.text))
