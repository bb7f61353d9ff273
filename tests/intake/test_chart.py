"""What intake was told of a client is read back: with names, numbers and text, and its versions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as pb
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.process import Service
from kernel.refusal import Malformed, NotAllowed, Stale, Unknown
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from services.intake.domain.instruments import INSTRUMENTS
from tests.harness.intake.service import (
    NARRATIVE,
    NOTE,
    OTHER_PAYER,
    PAYER,
    PHQ9,
    SITE,
    SURNAME,
    Desk,
    areas,
    diagnose,
    identity,
    rate,
    restrict,
    screen,
)
from tests.harness.intake.strategies import day
from tests.intake.test_forgetting import YEARS, agree, ask, long_after

ELSEWHERE = "51000000-0000-4000-8000-00000000000e"
CLINICIAN = frozenset({"clinician"})
REASON = "their mother came along"


def told(desk: Desk, kind: type[Any], client_id: str, **asked: Any) -> Any:
    called = {name: asked.pop(name) for name in ("sites", "actor", "roles") if name in asked}
    return desk.call(kind(client_id=client_id, **asked), **{"roles": CLINICIAN, **called})


def test_a_person_is_told_as_they_were_registered(desk: Desk) -> None:
    client_id = desk.registered()
    person = told(desk, pb.ReadPersonRequest, client_id)
    assert (person.identity, person.site_id) == (identity(), SITE)
    assert (person.recorded_by, person.version) == ("staff/1", 1)
    assert person.recorded_at == to_timestamp(desk.now)
    assert not person.text_forgotten
    with pytest.raises(Unknown):
        told(desk, pb.ReadPersonRequest, str(uuid4()))


def test_the_version_that_is_told_is_the_one_a_command_expects(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    version = told(desk, pb.ReadPersonRequest, client_id).version
    stale, command = diagnose(client_id), diagnose(client_id)
    stale.meta.expected_version, command.meta.expected_version = version - 1, version
    with pytest.raises(Stale):
        desk.call(stale)
    desk.call(command)
    assert told(desk, pb.ReadPersonRequest, client_id).version == version + 1


def test_names_are_told_in_the_order_asked_and_each_once(desk: Desk) -> None:
    ada, grace = desk.registered(), desk.registered(given_name="Grace")
    named = desk.call(pb.NameClientsRequest(client_ids=[grace, ada, grace])).clients
    assert [(client.client_id, client.given_name) for client in named] == [
        (grace, "Grace"),
        (ada, "Ada"),
    ]
    assert {client.family_name for client in named} == {SURNAME}
    assert named[0].birth_date == identity().birth_date
    with pytest.raises(Malformed, match="client_ids"):
        desk.call(pb.NameClientsRequest())
    with pytest.raises(Malformed, match="client_ids"):
        desk.call(pb.NameClientsRequest(client_ids=[str(uuid4()) for _ in range(201)]))
    with pytest.raises(Unknown):
        desk.call(pb.NameClientsRequest(client_ids=[ada, str(uuid4())]))


def test_coverages_are_told_with_their_numbers_and_what_payers_said(desk: Desk) -> None:
    client_id = desk.registered()
    first = desk.covered(client_id)
    desk.covered(client_id, payer_id=OTHER_PAYER, member_number="B-2", order=2)
    desk.call(
        intake.EndCoverageRequest(
            client_id=client_id,
            coverage_id=first,
            last_day=to_date(day(9)),
            reason=intake.COVERAGE_END_REASON_REPLACED,
        )
    )
    one, two = told(desk, pb.ListCoveragesRequest, client_id).coverages
    assert (one.coverage_id, one.payer_id, one.order) == (first, PAYER, 1)
    assert (one.member_number, one.group_number) == ("MEMBER-4711", "GROUP-0815")
    assert [word.verified_from for word in one.verifications] == [to_date(day(0))]
    assert [(end.last_day, end.reason) for end in one.ends] == [
        (to_date(day(9)), intake.COVERAGE_END_REASON_REPLACED)
    ]
    assert (two.member_number, two.order, list(two.ends)) == ("B-2", 2, [])


def test_consents_are_told_with_their_revocations_and_what_is_kept_from_payers(desk: Desk) -> None:
    client_id = desk.registered()
    consent_id = desk.consented(client_id)
    for on in (5, 3):
        revoked = intake.RevokeConsentRequest(
            client_id=client_id, consent_id=consent_id, revoked_on=to_date(day(on))
        )
        desk.call(revoked)
    desk.call(restrict(client_id))
    answer = told(desk, pb.ListConsentsRequest, client_id)
    [consent], [restriction] = answer.consents, answer.restrictions
    assert (consent.consent_id, consent.recipient_payer_id) == (consent_id, PAYER)
    assert [each.revoked_on for each in consent.revocations] == [to_date(day(5)), to_date(day(3))]
    assert consent.last_day == to_date(day(2))
    assert (getattr(restriction, "from"), restriction.to) == (to_date(day(0)), to_date(day(6)))


def test_a_record_is_labelled_by_the_strictest_program_of_theirs_whenever_it_is_asked_of(
    desk: Desk,
) -> None:
    client_id = desk.registered()
    before = to_timestamp(desk.now)

    def label(**asked: Any) -> Any:
        return told(desk, pb.ListConsentsRequest, client_id, **asked).label

    assert label() == common.LABEL_PART2  # who applies to a program under it may be its patient
    desk.now += timedelta(days=1)
    desk.admitted(client_id, under_part2=False)
    assert label() == common.LABEL_HIPAA
    assert label(as_of=before) == common.LABEL_HIPAA
    desk.admitted(client_id)
    assert label(as_of=before) == common.LABEL_PART2


def test_a_chart_tells_findings_in_words(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(
        screen(
            client_id, needs_detox=True, referred_to=intake.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
        )
    )
    desk.call(screen(client_id))
    desk.call(diagnose(client_id))
    ended = {"code": "F10.20", "last_day": to_date(day(4))}
    desk.call(
        intake.EndDiagnosisRequest(
            client_id=client_id, reason=intake.DIAGNOSIS_END_REASON_RESOLVED, **ended
        )
    )
    desk.call(diagnose(client_id))
    desk.call(areas(client_id))
    desk.call(rate(client_id))
    chart = told(desk, pb.ReadChartRequest, client_id)
    declined, eligible = chart.screenings
    assert list(declined.reasons) == ["NEEDS_DETOX"]
    assert declined.referred_to == intake.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
    assert (list(eligible.reasons), eligible.referred_to, eligible.motivated) == ([], 0, True)
    assert [(made.code, len(made.ends)) for made in chart.diagnoses] == [
        ("F10.20", 1),
        ("F10.20", 0),
    ]
    [found] = chart.areas
    assert {(area.narrative, area.need) for area in found.areas} == {
        (NARRATIVE, False),
        (NARRATIVE, True),
    }
    [rated] = chart.ratings
    assert [(each.dimension, each.rating) for each in rated.ratings] == [
        (number, "2") for number in range(1, 7)
    ]


def test_why_somebody_was_admitted_over_a_safety_task_is_told_where_they_were(desk: Desk) -> None:
    client_id = desk.registered()
    task_id = desk.scored(
        client_id, {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}, "c_ssrs/1"
    ).safety_task_id
    desk.admitted(client_id, open_safety_reason=REASON)
    [admission] = told(desk, pb.ReadChartRequest, client_id).admissions
    assert (list(admission.over_safety_tasks), admission.open_safety_reason) == ([task_id], REASON)
    elsewhere = told(desk, pb.ReadChartRequest, client_id, sites=frozenset({ELSEWHERE}))
    assert list(elsewhere.admissions) == []


def test_assessments_are_told_with_answers_and_how_a_task_was_closed(desk: Desk) -> None:
    client_id = desk.registered()
    scored = desk.scored(client_id)
    desk.close_task(client_id, scored.safety_task_id)
    [assessed] = told(desk, pb.ListAssessmentsRequest, client_id).assessments
    assert (dict(assessed.answers), assessed.score) == (PHQ9, 13)
    assert not assessed.HasField("identity_version")
    assert assessed.safety_task.closed.note == NOTE
    assert assessed.safety_task.closed.action == intake.SAFETY_ACTION_SAFETY_PLAN_MADE
    desk.scored(client_id, {1: 2, 2: 1, 3: 0}, "audit_c/1")
    latest = told(desk, pb.ListAssessmentsRequest, client_id).assessments[-1]
    assert (latest.identity_version, latest.HasField("safety_task")) == (1, False)


def test_assessments_take_a_credential_that_sees_scores(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id)
    with pytest.raises(NotAllowed) as refused:
        told(desk, pb.ListAssessmentsRequest, client_id, actor=f"staff/{uuid4()}")
    assert refused.value.reason == "NOT_CREDENTIALED"


def test_what_was_recorded_by_then_is_told_with_the_version_of_now(desk: Desk) -> None:
    client_id = desk.registered()
    before = to_timestamp(desk.now)
    desk.now += timedelta(days=1)
    desk.covered(client_id)
    desk.call(diagnose(client_id))
    desk.call(rate(client_id))
    then = told(desk, pb.ReadChartRequest, client_id, as_of=before)
    assert (list(then.diagnoses), list(then.ratings)) == ([], [])
    assert list(told(desk, pb.ListCoveragesRequest, client_id, as_of=before).coverages) == []
    assert told(desk, pb.ReadPersonRequest, client_id, as_of=before).version == 4
    with pytest.raises(Unknown):
        early = to_timestamp(desk.now - timedelta(days=2))
        told(desk, pb.ReadPersonRequest, client_id, as_of=early)


def test_the_last_word_on_doubles_is_told_to_who_speaks_for_both(desk: Desk) -> None:
    client_id, other = desk.registered(), desk.registered(site_id=ELSEWHERE)
    for verdict, reason in (
        (intake.DOUBLES_VERDICT_ONE_PERSON, "same birth date"),
        (intake.DOUBLES_VERDICT_TWO_PEOPLE, REASON),
    ):
        judged = {"client_id": client_id, "other_client_id": other}
        desk.call(intake.JudgeDoublesRequest(verdict=verdict, reason=reason, **judged))
    for one in (client_id, other):
        [pair] = told(desk, pb.ReadPersonRequest, one).doubles
        assert (pair.other_client_id, pair.reason) == (other, REASON)
        assert pair.verdict == intake.DOUBLES_VERDICT_TWO_PEOPLE
    here = told(desk, pb.ReadPersonRequest, client_id, sites=frozenset({SITE}))
    assert list(here.doubles) == []


def test_of_who_was_forgotten_codes_are_told_and_that_text_was(
    new_store: Callable[[Service], Store],
) -> None:
    desk = Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)
    client_id, other = desk.registered(), desk.registered(given_name="Grace")
    desk.covered(client_id)
    desk.call(areas(client_id))
    desk.call(
        intake.JudgeDoublesRequest(
            client_id=client_id,
            other_client_id=other,
            verdict=intake.DOUBLES_VERDICT_TWO_PEOPLE,
            reason=REASON,
        )
    )
    desk.close_task(client_id, desk.scored(client_id).safety_task_id)
    long_after(desk)
    ask(desk, client_id)
    agree(desk, client_id)
    desk.drainer().drain()
    person = told(desk, pb.ReadPersonRequest, client_id)
    assert (person.text_forgotten, person.HasField("identity")) == (True, False)
    assert [step.word for step in person.forgetting] == [
        pb.FORGETTING_WORD_ASKED,
        pb.FORGETTING_WORD_FORGOTTEN,
    ]
    [pair] = person.doubles
    assert (pair.text_forgotten, pair.reason) == (True, "")
    [named] = desk.call(pb.NameClientsRequest(client_ids=[client_id])).clients
    assert (named.text_forgotten, named.family_name) == (True, "")
    [covered] = told(desk, pb.ListCoveragesRequest, client_id).coverages
    assert (covered.text_forgotten, covered.payer_id, covered.member_number) == (True, PAYER, "")
    [found] = told(desk, pb.ReadChartRequest, client_id).areas
    assert found.text_forgotten
    assert {area.narrative for area in found.areas} == {""}
    assert sum(area.need for area in found.areas) == 1
    [assessed] = told(desk, pb.ListAssessmentsRequest, client_id).assessments
    closed = assessed.safety_task.closed
    assert (closed.text_forgotten, closed.note, closed.action) == (
        True,
        "",
        intake.SAFETY_ACTION_SAFETY_PLAN_MADE,
    )


def test_every_instrument_says_how_its_score_comes_about(desk: Desk) -> None:
    answer = desk.call(pb.ListInstrumentsRequest(site_id=SITE))
    assert {each.instrument for each in answer.instruments} == INSTRUMENTS
    for each in answer.instruments:
        assert set(each.scored_items) <= set(each.items)
        assert each.scoring and each.lowest_answer < each.highest_answer
    by_id = {each.instrument: each for each in answer.instruments}
    assert [item for item in by_id["phq9/1"].items if item not in by_id["phq9/1"].scored_items] == [
        10
    ]
    phq9 = by_id["phq9/1"]
    assert phq9.highest_score == 27
    assert [(each.band, each.lowest_score) for each in phq9.bands] == [
        ("MINIMAL", 0),
        ("MILD", 5),
        ("MODERATE", 10),
        ("MODERATELY_SEVERE", 15),
        ("SEVERE", 20),
    ]
    assert by_id["audit_c/1"].depends_on_sex
    assert (by_id["audit_c/1"].highest_score, list(by_id["audit_c/1"].bands)) == (12, [])
    use, risk, protective = by_id["bam/1"].subscales
    assert (use.name, use.highest_score, risk.highest_score) == ("use", 12, 24)
    assert [(each.band, each.lowest_score) for each in protective.bands] == [
        ("PROTECTIVE", 0),
        ("", 13),
    ]
    assert list(by_id["c_ssrs/1"].categories) == ["NONE", "LOW", "MODERATE", "HIGH"]
    assert (by_id["c_ssrs/1"].risk, by_id["c_ssrs/1"].act_within_minutes) == (
        intake.SAFETY_RISK_HIGH,
        60,
    )


def test_every_answer_that_may_be_given_has_its_words_where_any_has(desk: Desk) -> None:
    for each in desk.call(pb.ListInstrumentsRequest(site_id=SITE)).instruments:
        assert {wording.item for wording in each.wordings} <= set(each.items)
        for wording in each.wordings:
            assert len(wording.answers) == each.highest_answer - each.lowest_answer + 1
